// The kiosk's texts: English in the page, the others loaded when chosen.

import { createTranslator } from "@tillsight/web-shared/translator.ts";
import { formatMoney, formatWeight } from "@tillsight/web-shared/money.ts";
import english from "./messages/en.json";

export const LANGUAGE_NAMES: Readonly<Record<string, string>> = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  ar: "العربية",
};

const translator = createTranslator(english, {
  de: () => import("./messages/de.json"),
  es: () => import("./messages/es.json"),
  fr: () => import("./messages/fr.json"),
  ar: () => import("./messages/ar.json"),
});

export const { t, has, language, direction, choose: chooseLanguage } = translator;

export interface Currency {
  readonly currency: string;
  readonly exponent: number;
}

export function money(minor: number, { currency, exponent }: Currency): string {
  return formatMoney(minor, currency, exponent, language.value);
}

/** An amount that is taken off, its sign where the language wants it. */
export function lessMoney(minor: number, currency: Currency): string {
  return money(-minor, currency).replace("-", "−");
}

export function weight(grams: number): string {
  return formatWeight(grams, language.value);
}

/** The text of a stable code, or the general one that names the code. */
export function codeText(prefix: string, code: string, suffix = ""): string {
  const key = `${prefix}_${code}${suffix}`;
  return has(key) ? t(key) : t(`${prefix}_other${suffix}`, { code });
}
