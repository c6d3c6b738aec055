// How a box has been doing: one figure of its last reports as a line, chosen from those it told.

import { useState } from "preact/hooks";
import { Select } from "@tillsight/web-shared/choice.tsx";
import { ask } from "../api.ts";
import { useResource } from "../resource.ts";
import { codeText, t } from "../texts.ts";
import { moment } from "../times.ts";
import { LinePlot } from "./line_plot.tsx";
import { Loaded } from "./page.tsx";

const EVERY_MS = 60_000;
const FIRST = "p95_ms";

export function TelemetryPanel({ boxId }: { boxId: string }) {
  const [wanted, setWanted] = useState(FIRST);
  const reports = useResource(
    `telemetry ${boxId}`,
    (stop) => ask("GET /api/v1/fleet/boxes/{box_id}/telemetry", { path: { box_id: boxId } }, stop),
    EVERY_MS,
  );
  const names = [...new Set((reports.value ?? []).flatMap((report) => Object.keys(report.figures ?? {})))].sort();
  const chosen = names.includes(wanted) ? wanted : (names[0] ?? FIRST);
  const points = (reports.value ?? [])
    .filter((report) => report.figures?.[chosen] !== undefined)
    .map((report) => [Date.parse(report.at), report.figures?.[chosen] ?? 0] as const)
    .sort(([a], [b]) => a - b);
  return (
    <section class="panel" aria-label={t("telemetry")}>
      <div class="panel-head">
        <h2>{t("telemetry")}</h2>
        {names.length > 0 && (
          <Select label={t("figure")} value={chosen} options={names.map((value) => ({ value, label: codeText("figure", value) }))} onChoose={setWanted} />
        )}
      </div>
      <Loaded from={reports}>
        {() => <LinePlot label={codeText("figure", chosen)} lines={[{ name: codeText("figure", chosen), points }]} include={[0]} xText={moment} />}
      </Loaded>
    </section>
  );
}
