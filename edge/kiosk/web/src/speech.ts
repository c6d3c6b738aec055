// Says totals and questions aloud, and the same words to a screen reader. Silent unless switched on.

import { effect, signal } from "@preact/signals";
import { preferences } from "./preferences.ts";
import { basket, itemCount, openAsks } from "./state.ts";
import { language, money, t } from "./texts.ts";

const SETTLE_MS = 900; // several items are put down in one go; one sentence is enough

export const announcement = signal("");

export function say(text: string): void {
  announcement.value = text;
  if (!preferences.value.isSpoken || !("speechSynthesis" in window)) return;
  const utterance = new SpeechSynthesisUtterance(text);
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
    const total = t("say_total", {
      items: t("items", { count: itemCount.value }),
      amount: money(snapshot.total_minor, snapshot),
    });
    const hasLines = snapshot.lines.length > 0;
    const text = ask ? question(ask.kind) : hasLines ? total : "";
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (text && text !== spoken) say(text);
      spoken = text;
    }, SETTLE_MS);
  });
}

function question(kind: string): string {
  if (kind === "which") return `${t("ask_which")} ${t("ask_which_text")}`;
  if (kind === "weigh") return `${t("ask_weigh")}. ${t("ask_weigh_text")}`;
  return `${t("ask_unknown")}. ${t("ask_unknown_text")}`;
}
