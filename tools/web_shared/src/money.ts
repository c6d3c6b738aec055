// Money as text: minor units, ISO 4217 currency and its exponent (JPY 0, EUR 2, KWD 3).

import { numberLocale } from "./translator.ts";

const formats = new Map<string, Intl.NumberFormat>();

export function formatMoney(minor: number, currency: string, exponent: number, language: string): string {
  const key = `${language} ${currency} ${exponent}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(numberLocale(language), {
      style: "currency",
      currency: currency || "EUR",
      minimumFractionDigits: exponent,
      maximumFractionDigits: exponent,
    });
    formats.set(key, format);
  }
  return format.format(minor / 10 ** exponent);
}

export function formatWeight(grams: number, language: string): string {
  const inKilograms = grams >= 1000;
  return new Intl.NumberFormat(numberLocale(language), {
    style: "unit",
    unit: inKilograms ? "kilogram" : "gram",
    maximumFractionDigits: inKilograms ? 3 : 0,
  }).format(inKilograms ? grams / 1000 : grams);
}
