// Days of the week and hours of the store's clock at which a promotion holds: chosen, and in words.

import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { language, t } from "../texts.ts";

export interface Hours {
  readonly weekdays?: readonly number[];
  readonly from_time?: string;
  readonly until_time?: string;
}

const DAYS = [0, 1, 2, 3, 4, 5, 6]; // 0 is Monday
const A_MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

function dayName(day: number): string {
  return new Date(A_MONDAY + day * DAY_MS).toLocaleDateString(language.value, { weekday: "short", timeZone: "UTC" });
}

/** In words; empty where it holds at every hour. */
export function hoursText({ weekdays = [], from_time: from = "", until_time: until = "" }: Hours): string {
  const days = weekdays.length > 0 && weekdays.length < DAYS.length ? DAYS.filter((day) => weekdays.includes(day)).map(dayName).join(", ") : "";
  const clock = from || until ? t("hours_from_until", { from: from || "00:00", until: until || "24:00" }) : "";
  return [days, clock].filter(Boolean).join(" ");
}

export function HoursFields({ value, onChange }: { value: Hours; onChange: (hours: Hours) => void }) {
  const days = value.weekdays ?? [];
  const toggled = (day: number) => (days.includes(day) ? days.filter((one) => one !== day) : [...days, day].sort());
  return (
    <>
      <fieldset class="plain">
        <legend class="hint">{t("promotion_days")}</legend>
        <div class="roles">
          {DAYS.map((day) => (
            <label key={day} class="yes">
              <input type="checkbox" checked={days.includes(day)} onChange={() => onChange({ ...value, weekdays: toggled(day) })} />
              {dayName(day)}
            </label>
          ))}
        </div>
      </fieldset>
      <div class="pair">
        <TextField label={t("hours_from")} type="time" value={value.from_time ?? ""} onInput={(from_time) => onChange({ ...value, from_time })} />
        <TextField label={t("hours_until")} type="time" value={value.until_time ?? ""} onInput={(until_time) => onChange({ ...value, until_time })} hint={t("hours_hint")} />
      </div>
    </>
  );
}
