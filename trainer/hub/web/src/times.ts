// Times as people say them: "3 min ago", "14:05", with the exact moment as a title.

import { signal } from "@preact/signals";
import { language } from "./texts.ts";

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Ticks twice a minute, so that "3 min ago" stays true without a request. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, 30_000);

export function ago(moment: string): string {
  if (!moment) return "";
  const seconds = (new Date(moment).getTime() - Math.max(now.value, Date.now())) / 1000;
  const format = new Intl.RelativeTimeFormat(language.value, { numeric: "auto", style: "short" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return format.format(0, "second");
}

export function exactly(moment: string): string {
  if (!moment) return "";
  return new Date(moment).toLocaleString(language.value, { dateStyle: "medium", timeStyle: "medium" });
}

export function day(moment: string): string {
  return new Date(moment).toLocaleDateString(language.value, { weekday: "long", day: "numeric", month: "long" });
}

export function clock(moment: string): string {
  return new Date(moment).toLocaleTimeString(language.value, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** Day and minute, short: for the ends of an axis. */
export function moment(at: number): string {
  return new Date(at).toLocaleString(language.value, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

/** A day of the calendar, short: for the ends of an axis. */
export function shortDay(at: number): string {
  return new Date(at).toLocaleDateString(language.value, { day: "numeric", month: "short", timeZone: "UTC" });
}

const SPANS: readonly (readonly [Intl.NumberFormatOptions["unit"], number])[] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** How long something takes, in its largest fitting unit. */
export function span(seconds: number): string {
  const [unit, size] = SPANS.find(([, least]) => seconds >= least * 1.5) ?? ["second", 1];
  const format = new Intl.NumberFormat(language.value, { style: "unit", unit: unit ?? "second", maximumFractionDigits: 1 });
  return format.format(seconds / size);
}
