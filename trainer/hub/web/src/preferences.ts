// How this person wants the page: colours and text size, kept on this device.

import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark" | "contrast";

interface Preferences {
  readonly theme: Theme;
  readonly isLarge: boolean;
}

const KEPT = "tillsight.preferences";

export const preferences = signal<Preferences>(kept());

export function prefer(change: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...change };
}

export function applyPreferences(): void {
  effect(() => {
    const { theme, isLarge } = preferences.value;
    const page = document.documentElement;
    if (theme === "auto") delete page.dataset["theme"];
    else page.dataset["theme"] = theme;
    page.dataset["text"] = isLarge ? "large" : "normal";
    localStorage.setItem(KEPT, JSON.stringify(preferences.value));
  });
}

function kept(): Preferences {
  const plain: Preferences = { theme: "auto", isLarge: false };
  const text = localStorage.getItem(KEPT);
  return text ? { ...plain, ...(JSON.parse(text) as Partial<Preferences>) } : plain;
}
