// The page on a paired phone of the staff: the PIN, then the desk of the whole box.

import { PinPad } from "../parts/pin_pad.tsx";
import { hello, isAttendant } from "../state.ts";
import { laneQuery } from "../live.ts";
import { t } from "../texts.ts";
import { Desk } from "./staff_sheet.tsx";

export function HandheldScreen() {
  return (
    <section class="handheld" aria-label={t("staff_title")}>
      {isAttendant.value ? (
        <>
          <LaneChoice />
          <Desk />
        </>
      ) : (
        <>
          <h1>{t("handheld_hello")}</h1>
          <PinPad />
        </>
      )}
    </section>
  );
}

/** Which counter "this counter" is; the queue shows all of them anyway. */
function LaneChoice() {
  const lanes = hello.value?.lanes ?? [];
  if (lanes.length < 2) return null;
  const chosen = laneQuery || hello.value?.lane_id;
  return (
    <nav class="sheet-row" aria-label={t("staff_this_lane")}>
      {lanes.map((lane) => (
        <a key={lane} class="button" href={`/?${new URLSearchParams({ lane })}`} aria-current={lane === chosen ? "page" : undefined}>
          {t("lane", { lane })}
        </a>
      ))}
    </nav>
  );
}
