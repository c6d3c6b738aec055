// A place's past days: how much spoke against its usual look, signal by signal, and the alerts of that time.

import { useState } from "preact/hooks";
import { ask } from "../api.ts";
import type { HistoryReply } from "../api_types.ts";
import { useResource } from "../resource.ts";
import { codeText, t } from "../texts.ts";
import { ago, exactly, shortDay } from "../times.ts";
import { LinePlot, type PlotLine } from "./line_plot.tsx";
import { Loaded } from "./page.tsx";

const DAYS = 90;
const LEAST = 0.001;

export function DriftHistory({ place }: { place: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("drift_history", { count: DAYS })}</summary>
      {isOpen && <Past place={place} />}
    </details>
  );
}

function Past({ place }: { place: string }) {
  const past = useResource(`history ${place}`, (stop) => ask("GET /api/v1/monitoring/history", { query: { place, days: DAYS } }, stop));
  return (
    <Loaded from={past}>
      {(found) => (
        <div class="stack">
          <p class="hint">{t("drift_history_hint")}</p>
          <LinePlot
            label={t("drift_evidence")}
            lines={linesOf(found)}
            levels={[{ name: t("drift_alarms_at"), value: power(found.alarm_evidence) }]}
            include={[0]}
            xText={shortDay}
            yText={evidenceText}
            canPoint
          />
          <ul class="list">
            {found.alerts.map((alert) => (
              <li key={alert.alert_id}>
                <span class="grow" title={exactly(alert.opened_at)}>
                  {t("drift_alert_at", { ago: ago(alert.opened_at), state: t(`alert_is_${alert.state}`) })}
                  {alert.note && <span class="hint block">{alert.note}</span>}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Loaded>
  );
}

/** Evidence multiplies from window to window, so it is drawn by its powers of ten; below one in a thousand is nothing. */
function power(evidence: number): number {
  return Math.log10(Math.max(evidence, LEAST));
}

function evidenceText(exponent: number): string {
  return (10 ** exponent).toLocaleString("en", { notation: "compact", maximumSignificantDigits: 2 });
}

/** One line per signal that has learned its past. */
function linesOf({ days }: HistoryReply): readonly PlotLine[] {
  const signals = [...new Set(days.flatMap((day) => day.drift.filter((row) => row.state !== "learning").map((row) => row.signal)))];
  return signals.map((signal) => ({
    name: codeText("signal", signal),
    points: days.flatMap((day) => {
      const row = day.drift.find((one) => one.signal === signal);
      return row && row.state !== "learning" ? [[Date.parse(day.day), power(row.evidence)] as const] : [];
    }),
  }));
}
