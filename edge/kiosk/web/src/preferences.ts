// How this shopper wants the screen: language, colours, size, reach, speech. Gone after the sale.

import { effect, signal } from "@preact/signals";
import { hello } from "./state.ts";
import { chooseLanguage, direction, language } from "./texts.ts";

export type Theme = "auto" | "light" | "dark" | "contrast";

export interface Preferences {
  readonly theme: Theme;
  readonly isLarge: boolean;
  readonly isReachable: boolean;
  readonly isSpoken: boolean;
  readonly hasMoreTime: boolean;
}

const PLAIN: Preferences = {
  theme: "auto",
  isLarge: false,
  isReachable: false,
  isSpoken: false,
  hasMoreTime: false,
};
const KEPT = "preferences";
const KEPT_LANGUAGE = "language";

export const preferences = signal<Preferences>(kept());

export function prefer(change: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...change };
}

export function preferLanguage(wanted: string): void {
  sessionStorage.setItem(KEPT_LANGUAGE, wanted);
  void chooseLanguage(wanted);
}

/** Somebody chose something here that a fresh page would not have. */
export function hasPreferences(): boolean {
  const isPlain = JSON.stringify(preferences.value) === JSON.stringify(PLAIN);
  return !isPlain || sessionStorage.getItem(KEPT_LANGUAGE) !== null;
}

/** The next shopper starts afresh. */
export function forgetPreferences(): void {
  preferences.value = PLAIN;
  sessionStorage.removeItem(KEPT_LANGUAGE);
  void chooseLanguage(hello.value?.default_language ?? "en");
}

export function applyPreferences(): void {
  const wanted = sessionStorage.getItem(KEPT_LANGUAGE);
  if (wanted) void chooseLanguage(wanted);
  effect(() => {
    const fallback = hello.value?.default_language;
    if (fallback && !sessionStorage.getItem(KEPT_LANGUAGE)) void chooseLanguage(fallback);
  });
  effect(() => {
    const { theme, isLarge, isReachable } = preferences.value;
    const page = document.documentElement;
    if (theme === "auto") delete page.dataset["theme"];
    else page.dataset["theme"] = theme;
    page.dataset["text"] = isLarge ? "large" : "normal";
    page.dataset["reach"] = isReachable ? "low" : "normal";
    page.lang = language.value;
    page.dir = direction.value;
    sessionStorage.setItem(KEPT, JSON.stringify(preferences.value));
  });
}

function kept(): Preferences {
  const text = sessionStorage.getItem(KEPT);
  return text ? { ...PLAIN, ...(JSON.parse(text) as Partial<Preferences>) } : PLAIN;
}
