// The door for staff: a PIN, then what needs a person on this box and what may be done about it.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useState } from "preact/hooks";
import { command, tell } from "../live.ts";
import { LaneQueue } from "../parts/lane_queue.tsx";
import { PinPad } from "../parts/pin_pad.tsx";
import { basket, closeSheet, hello, isAttendant, openSheet } from "../state.ts";
import { t } from "../texts.ts";

export function StaffSheet() {
  return (
    <Sheet title={t("staff_title")} closeLabel={t("close")} onClose={closeSheet} size={isAttendant.value ? "large" : "small"}>
      {isAttendant.value ? <Desk /> : <PinPad />}
    </Sheet>
  );
}

export function Desk() {
  return (
    <>
      <LaneQueue />
      <ThisLane />
      <Office />
      <Button kind="quiet" onPress={leave}>
        {t("staff_leave")}
      </Button>
    </>
  );
}

function ThisLane() {
  const snapshot = basket.value;
  if (!snapshot) return null;
  const hasLines = snapshot.lines.length > 0;
  const isShopping = snapshot.phase === "shopping" || snapshot.phase === "idle";
  return (
    <section class="staff-lane">
      <h3>{t("staff_this_lane")}</h3>
      <div class="staff-tiles">
        {isShopping && (
          <Button icon="search" onPress={() => openSheet({ name: "search", purpose: "add" })}>
            {t("staff_add")}
          </Button>
        )}
        {snapshot.phase === "suspended" && (
          <Button kind="main" icon="refresh" onPress={() => void command({ type: "resume" })}>
            {t("staff_resume")}
          </Button>
        )}
        {snapshot.phase === "shopping" && hasLines && (
          <Button icon="clock" onPress={() => void command({ type: "suspend" })}>
            {t("staff_suspend")}
          </Button>
        )}
        {snapshot.phase === "shopping" && hasLines && <VoidButton />}
        {!snapshot.is_practice && !hasLines && isShopping && (
          <Button icon="play" onPress={() => void command({ type: "start_practice" }).then((isDone) => isDone && closeSheet())}>
            {t("practice_start")}
          </Button>
        )}
      </div>
      {hasLines && isShopping && !hello.value?.is_handheld && <p class="eyebrow">{t("price_how")}</p>}
    </section>
  );
}

/** Twice, because it cannot be taken back. */
function VoidButton() {
  const [isSure, setIsSure] = useState(false);
  return (
    <Button
      kind="danger"
      icon="trash"
      onPress={() => (isSure ? void command({ type: "cancel_basket" }) : setIsSure(true))}
    >
      {isSure ? t("staff_void_sure") : t("staff_void")}
    </Button>
  );
}

function Office() {
  const canPair = hello.value?.has_handhelds && !hello.value.is_handheld;
  return (
    <section class="staff-lane">
      <h3>{t("staff_office")}</h3>
      <div class="staff-tiles">
        <Button icon="undo" onPress={() => openSheet({ name: "sales" })}>
          {t("sales_title")}
        </Button>
        <Button icon="list" onPress={() => openSheet({ name: "totals" })}>
          {t("totals_title")}
        </Button>
        {canPair && (
          <Button icon="phone" onPress={() => openSheet({ name: "handheld" })}>
            {t("handheld_title")}
          </Button>
        )}
      </div>
    </section>
  );
}

function leave(): void {
  tell({ type: "leave" });
  closeSheet();
}
