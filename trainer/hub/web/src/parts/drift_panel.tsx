// One place against its own past: each signal's distance beside what is usual and what is rare there.

import { useState } from "preact/hooks";
import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { ConfirmSheet } from "@tillsight/web-shared/confirm_sheet.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { AccuracyReply, DriftRow, PlaceReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { percent } from "../gate_document.ts";
import { may } from "../session_state.ts";
import { codeText, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";
import { DriftHistory } from "./drift_history.tsx";

const TONES: Readonly<Record<DriftRow["state"], Tone>> = { learning: "calm", quiet: "good", alarm: "bad" };

export function DriftPanel({ of, onDone }: { of: PlaceReply; onDone: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const name = of.place.slice(of.place.indexOf(":") + 1);
  const isAlarm = of.drift.some((row) => row.state === "alarm");

  async function settle(note: string): Promise<void> {
    setAsking(false);
    try {
      await ask("POST /api/v1/monitoring/new-past", { body: { place: of.place, note } });
      tell(t("new_past_done", { place: name }));
      onDone();
    } catch (error) {
      tell(faultText(error));
    }
  }

  return (
    <section class="panel" aria-label={of.place}>
      <div class="panel-head">
        <h3>{name}</h3>
        <span class="hint" title={exactly(of.at)}>
          {t("windows_judged", { count: of.num_windows, ago: ago(of.at) })}
        </span>
      </div>
      {of.accuracy && <Accuracy of={of.accuracy} />}
      <ul class="signals">
        {of.drift.map((row) => (
          <Signal key={row.signal} row={row} />
        ))}
      </ul>
      <DriftHistory place={of.place} />
      {may("monitoring.change") && isAlarm && (
        <div class="row-end">
          <Button icon="check" onPress={() => setAsking(true)}>
            {t("new_past")}
          </Button>
        </div>
      )}
      {isAsking && (
        <ConfirmSheet
          title={`${t("new_past")}: ${name}`}
          action={t("new_past")}
          closeLabel={t("cancel")}
          reasonLabel={t("why")}
          onClose={() => setAsking(false)}
          onConfirm={(note) => void settle(note)}
        >
          <p>{t("new_past_hint")}</p>
        </ConfirmSheet>
      )}
    </section>
  );
}

function Accuracy({ of }: { of: AccuracyReply }) {
  return (
    <div class="row">
      <strong class="accuracy">{percent(of.expected)}</strong>
      <span class="grow">
        {t("expected_accuracy")}
        <span class="hint block">
          {t("accuracy_range", { lower: percent(of.lower), upper: percent(of.upper), items: of.num_items })}
          {" · "}
          {of.is_checked ? t("accuracy_checked", { count: of.num_reviewed }) : t("accuracy_unchecked")}
        </span>
      </span>
    </div>
  );
}

function Signal({ row }: { row: DriftRow }) {
  const words = t("signal_figures", { distance: row.distance.toFixed(3), usual: row.usual.toFixed(3), far: row.far.toFixed(3) });
  return (
    <li>
      <span class="signal-name">
        {codeText("signal", row.signal)}
        <span class="hint block">{row.state === "learning" ? t("signal_learning") : words}</span>
      </span>
      <DistanceBar row={row} words={words} />
      <Badge tone={TONES[row.state]}>{t(`signal_is_${row.state}`)}</Badge>
    </li>
  );
}

/** The newest distance as a bar, marks where the past's middle and its rarest hundredth lie. */
function DistanceBar({ row, words }: { row: DriftRow; words: string }) {
  if (row.state === "learning") return <span />;
  const top = Math.max(row.distance, row.usual, row.far, 0) * 1.15 || 1;
  const at = (value: number) => (Math.max(0, value) / top) * 100; // an unbiased distance may fall below nothing
  return (
    <svg class="distance" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label={words} data-state={row.state}>
      <rect class="distance-ground" x={0} y={3} width={100} height={6} />
      <rect class="distance-value" x={0} y={3} width={at(row.distance)} height={6} />
      <line x1={at(row.usual)} x2={at(row.usual)} y1={2} y2={10} />
      <line class="distance-far" x1={at(row.far)} x2={at(row.far)} y1={0} y2={12} />
    </svg>
  );
}
