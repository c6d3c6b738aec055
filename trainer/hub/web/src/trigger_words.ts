// A trigger's conditions in words, and the words of its days.

import type { TriggerPlan } from "./api_types.ts";
import { language, t } from "./texts.ts";

export type Condition = NonNullable<TriggerPlan["conditions"]>[number];

const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** 0 is Monday, as the hub counts. */
export function weekdayName(day: number): string {
  return new Date(MONDAY + day * DAY_MS).toLocaleDateString(language.value, { weekday: "long", timeZone: "UTC" });
}

export function conditionText(one: Condition): string {
  if ("below" in one) return t("condition_accuracy", { below: one.below * 100, store: one.store_id || t("any_store") });
  if ("hour" in one) return t("condition_calendar", { day: one.weekday == null ? t("every_day") : weekdayName(one.weekday), hour: one.hour });
  if (one.kind === "labels" && "at_least" in one) return t("condition_labels", { count: one.at_least, per: t(`per_${"per" in one ? (one.per ?? "all") : "all"}`) });
  if ("at_least" in one) return t("condition_catalogue", { count: one.at_least });
  return t("condition_drift", { place: ("place" in one && one.place) || t("any_place") });
}
