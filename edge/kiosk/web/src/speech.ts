// Says totals and questions aloud, and the same words to a screen reader. Silent unless switched on.

import { effect, signal } from "@preact/signals";
import { preferences } from "./preferences.ts";
import { spokenQuestion } from "./questions.ts";
import { basket, declinedBasket, itemCount, openAsks } from "./state.ts";
import { language, money, t } from "./texts.ts";
import type { BasketSnapshot } from "./wire_types.ts";

const SETTLE_MS = 900; // several items are put down in one go; one sentence is enough

const MARKS = /[\u200e\u200f\u061c\u2066-\u2069]/g; // of writing direction: nothing to say

export const announcement = signal("");

export function say(text: string): void {
  announcement.value = text;
  if (!preferences.value.isSpoken || !("speechSynthesis" in window)) return;
  const utterance = new SpeechSynthesisUtterance(text.replace(MARKS, ""));
  utterance.lang = language.value;
  utterance.rate = 0.95;
  speechSynthesis.cancel();
  speechSynthesis.speak(utterance);
}

export function announceChanges(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let spoken = "";
  effect(() => {
    const snapshot = basket.value;
    const ask = openAsks.value[0];
    if (!snapshot) return;
    const text = ask ? spokenQuestion(ask) : saidOfBasket(snapshot);
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (text && text !== spoken) say(text);
      spoken = text;
    }, SETTLE_MS);
  });
}

/** The total as it stands, or that a payment did not work; nothing of an empty basket. */
function saidOfBasket(snapshot: BasketSnapshot): string {
  if (snapshot.phase !== "shopping" || snapshot.lines.length === 0) return "";
  const total = t("say_total", {
    items: t("items", { count: itemCount.value }),
    amount: money(snapshot.total_minor, snapshot),
  });
  if (declinedBasket.value !== snapshot.basket_id) return total;
  return `${t("pay_declined_title")}. ${t("pay_declined_text")} ${total}`;
}
