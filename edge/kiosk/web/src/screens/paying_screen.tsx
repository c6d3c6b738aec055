// The hand-off: the total goes to the terminal, the screen waits for what it says.
// "No answer" is its own state: nobody is asked to pay twice.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { command } from "../live.ts";
import { say } from "../speech.ts";
import { basket, hello, isAttendant, itemCount } from "../state.ts";
import { money, t } from "../texts.ts";

const unanswered = signal("");

export function PayingScreen() {
  const snapshot = basket.value;
  const total = snapshot ? money(snapshot.total_minor, snapshot) : "";
  const basketId = snapshot?.basket_id ?? "";
  const isUnknown = unanswered.value === basketId || (snapshot?.notices.includes("payment.unknown") ?? false);
  useEffect(() => say(`${t("pay_title")}. ${t("total")} ${total}`), [total]);
  return (
    <section class="paying" aria-labelledby="paying-title">
      <span class={`paying-icon ${isUnknown ? "paying-unsure" : ""}`}>
        <Icon name={isUnknown ? "clock" : "card"} size="4.4rem" />
      </span>
      <h1 id="paying-title">{isUnknown ? t("pay_unknown_title") : t("pay_title")}</h1>
      <p class="paying-total">{total}</p>
      <p class="paying-text">
        {isUnknown ? t("pay_unknown_text") : hello.value?.terminal === "attendant" ? t("pay_attendant_text") : t("pay_text")}
      </p>
      <p class="paying-count">{t("items", { count: itemCount.value })}</p>
      {hello.value?.terminal === "external" && (
        <p class="paying-wait">
          <span class="spinner" />
          {t("pay_waiting")}
        </p>
      )}
      {hello.value?.terminal === "practice" && <PracticeTerminal basketId={basketId} />}
      {hello.value?.terminal === "attendant" && isAttendant.value && (
        <Button kind="main" size="big" icon="check" onPress={() => void answer("approved", basketId)}>
          {t("staff_paid")}
        </Button>
      )}
    </section>
  );
}

function PracticeTerminal({ basketId }: { basketId: string }) {
  return (
    <div class="practice card">
      <h2>{t("practice_terminal")}</h2>
      <p>{t("practice_text")}</p>
      <div class="practice-answers">
        <Button kind="main" icon="check" onPress={() => void answer("approved", basketId)}>
          {t("practice_approved")}
        </Button>
        <Button icon="close" onPress={() => void answer("declined", basketId)}>
          {t("practice_declined")}
        </Button>
        <Button icon="clock" onPress={() => void answer("unknown", basketId)}>
          {t("practice_unknown")}
        </Button>
      </div>
    </div>
  );
}

async function answer(result: string, basketId: string): Promise<void> {
  unanswered.value = result === "unknown" ? basketId : "";
  await command({ type: "payment_result", result });
}
