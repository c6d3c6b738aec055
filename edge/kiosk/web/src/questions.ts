// What a question is about: the panel draws it, the voice says it, and both say the same.

import { nameOf } from "./catalogue.ts";
import { t } from "./texts.ts";
import type { Ask, Option } from "./wire_types.ts";

export type QuestionKind = "which" | "maybe" | "this" | "unknown" | "weigh";

const MAX_OPTIONS = 4;

/** "maybe", "this": unknown, but the box has guesses, or one, that are better than nothing. */
export function kindOf(ask: Ask): QuestionKind {
  if (ask.kind === "weigh") return "weigh";
  if (ask.options.length === 0) return "unknown";
  if (ask.options.length === 1) return "this";
  return ask.kind === "which" ? "which" : "maybe";
}

export function optionsOf(ask: Ask): readonly Option[] {
  return ask.options.slice(0, MAX_OPTIONS);
}

/** The question with its answers, one sentence each, as a voice says it. */
export function spokenQuestion(ask: Ask): string {
  const kind = kindOf(ask);
  const names = kind === "weigh" ? [] : optionsOf(ask).map((option) => nameOf(option.sku_id, option.name));
  return [t(`ask_${kind}`), ...names, t(`ask_${kind}_text`)].map(sentence).join(" ");
}

function sentence(text: string): string {
  return /[.?!؟…]$/.test(text) ? text : `${text}.`;
}
