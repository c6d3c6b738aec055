// Calls a person for an age check as soon as the list needs one, once per basket, so that nobody
// waits at the end.

import { effect } from "@preact/signals";
import { request } from "./live.ts";
import { ageLimit, basket, calledForAge, connection, isAgeChecked } from "./state.ts";

export function callForAgeChecks(): void {
  effect(() => {
    const snapshot = basket.value;
    const isNeeded = ageLimit.value > 0 && !isAgeChecked.value && connection.value === "live";
    if (!snapshot || !isNeeded || snapshot.phase !== "shopping") return;
    if (calledForAge.peek() === snapshot.basket_id) return;
    calledForAge.value = snapshot.basket_id;
    void request({ type: "call_help", reason: "age_check" }).then((reply) => {
      if (!reply?.is_done) calledForAge.value = "";
    });
  });
}
