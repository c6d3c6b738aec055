// The door for staff: a PIN, then what needs a person on this box and what may be done about it.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useState } from "preact/hooks";
import { cropOf } from "../frames.ts";
import { admit, command, tell } from "../live.ts";
import { ageLimit, basket, closeSheet, isAgeChecked, isAttendant, openAsks, openSheet, queue } from "../state.ts";
import { codeText, money, t } from "../texts.ts";
import type { QueueEntry } from "../wire.ts";

export function StaffSheet() {
  return (
    <Sheet title={t("staff_title")} closeLabel={t("close")} onClose={closeSheet}>
      {isAttendant.value ? <Desk /> : <PinPad />}
    </Sheet>
  );
}

function PinPad() {
  const [pin, setPin] = useState("");
  const [problem, setProblem] = useState("");
  const enter = async () => {
    const code = await admit(pin);
    setPin("");
    setProblem(code && codeText("error", code));
  };
  return (
    <form
      class="pin"
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      <input
        class="field"
        type="password"
        inputMode="none"
        autocomplete="off"
        aria-label={t("staff_pin")}
        placeholder={t("staff_pin")}
        value={pin}
        onInput={(event) => setPin(event.currentTarget.value)}
      />
      <p class="pin-problem" role="alert">
        {problem}
      </p>
      <div class="pin-keys">
        {["1", "2", "3", "4", "5", "6", "7", "8", "9", "⌫", "0"].map((key) => (
          <button
            key={key}
            type="button"
            class="button"
            aria-label={key === "⌫" ? t("key_delete") : key}
            onClick={() => setPin(key === "⌫" ? pin.slice(0, -1) : pin + key)}
          >
            {key === "⌫" ? <Icon name="erase" /> : key}
          </button>
        ))}
        <button type="submit" class="button button-main">
          {t("staff_enter")}
        </button>
      </div>
    </form>
  );
}

function Desk() {
  return (
    <>
      <section class="staff-queue">
        <h3>{t("staff_queue")}</h3>
        {queue.value.length === 0 && <p>{t("staff_queue_empty")}</p>}
        <ul>
          {queue.value.map((entry) => (
            <QueueRow key={entry.lane_id} entry={entry} />
          ))}
        </ul>
      </section>
      <ThisLane />
      <Button onPress={leave}>{t("staff_leave")}</Button>
    </>
  );
}

function QueueRow({ entry }: { entry: QueueEntry }) {
  const crop = entry.item_ids.map((id) => cropOf(id)).find(Boolean);
  const reasons = entry.reasons.map((reason) => codeText("reason", reason));
  return (
    <li class="queue-row">
      {crop && <img src={crop} alt={t("ask_picture")} />}
      <span>
        <strong>{t("lane", { lane: entry.lane_id })}</strong>
        <small>{[...new Set(reasons)].join(" · ")}</small>
      </span>
      <span>{money(entry.total_minor, entry)}</span>
    </li>
  );
}

function ThisLane() {
  const snapshot = basket.value;
  const [isSure, setIsSure] = useState(false);
  if (!snapshot) return null;
  const hasLines = snapshot.lines.length > 0;
  return (
    <section class="staff-lane">
      <h3>{t("staff_this_lane")}</h3>
      <div class="sheet-row">
        {ageLimit.value > 0 && !isAgeChecked.value && (
          <Button
            kind="main"
            icon="check"
            onPress={() => void tell({ type: "age_checked", basket_id: snapshot.basket_id })}
          >
            {t("staff_age_ok")}: {t("staff_age_text", { age: ageLimit.value })}
          </Button>
        )}
        {openAsks.value.map((ask) => (
          <Button
            key={ask.ask_id}
            icon="trash"
            onPress={() => void command({ type: "answer_ask", ask_id: ask.ask_id, sku_id: "" })}
          >
            {t("staff_remove_ask")}
          </Button>
        ))}
        <Button icon="search" onPress={() => openSheet({ name: "search", purpose: "add" })}>
          {t("staff_add")}
        </Button>
        {snapshot.phase === "suspended" ? (
          <Button icon="refresh" onPress={() => void command({ type: "resume" })}>
            {t("staff_resume")}
          </Button>
        ) : (
          hasLines && (
            <Button icon="clock" onPress={() => void command({ type: "suspend" })}>
              {t("staff_suspend")}
            </Button>
          )
        )}
        {hasLines && (
          <Button
            kind="danger"
            icon="trash"
            onPress={() => (isSure ? void command({ type: "cancel_basket" }) : setIsSure(true))}
          >
            {isSure ? t("staff_void_sure") : t("staff_void")}
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
