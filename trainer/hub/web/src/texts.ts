// The dashboard's texts, from message files; English is in the page.

import { createTranslator } from "@tillsight/web-shared/translator.ts";
import english from "./messages/en.json";

export const { t, has, language, direction } = createTranslator(english, {});

/** The text of a stable code, or the code itself in words. */
export function codeText(prefix: string, code: string): string {
  const key = `${prefix}_${code}`;
  return has(key) ? t(key) : code.replaceAll(/[._]/g, " ");
}

/** Every code that has a text of its own, in the order of the texts. */
export function codesOf(prefix: string): readonly string[] {
  const codes = Object.keys(english).filter((key) => key.startsWith(`${prefix}_`)).map((key) => key.slice(prefix.length + 1));
  return codes.sort((a, b) => t(`${prefix}_${a}`).localeCompare(t(`${prefix}_${b}`)));
}
