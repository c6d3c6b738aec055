// The evidence of each ring as lines over time, with the line that decides; natural logs, as the judge counts.

import type { PointReply, RolloutReply } from "../api_types.ts";
import { t } from "../texts.ts";
import { moment } from "../times.ts";
import { LinePlot, type PlotLine } from "./line_plot.tsx";

const CURVES = ["log_e_no_worse", "log_e_worse", "log_e_failures"] as const;
const SHOWN = ["judged", "fetched", "confirmed", "failed", "offline_before_fetch", "silent_after_swap", "hours"] as const;

export function EvidencePanel({ of }: { of: RolloutReply }) {
  const needed = of.numbers["log_e_needed"] ?? 0;
  const rings = of.rings.filter((ring) => of.series.some((point) => point.ring === ring.name));
  return (
    <section class="panel" aria-label={t("evidence")}>
      <div class="panel-head">
        <h2>{t("evidence")}</h2>
        <span class="hint">{t("evidence_hint", { alpha: ((of.limits["alpha"] ?? 0) * 100).toFixed(0) })}</span>
      </div>
      {rings.length === 0 && <p class="hint">{t("no_evidence")}</p>}
      <div class="panels">
        {rings.map((ring) => (
          <div key={ring.name} class="stack">
            <h3>{t("ring_named", { ring: ring.name })}</h3>
            <LinePlot
              label={t("evidence_of", { ring: ring.name })}
              lines={curvesOf(of.series.filter((point) => point.ring === ring.name))}
              levels={needed ? [{ name: t("needed"), value: needed }] : []}
              include={[0]}
              xText={moment}
              yText={(value) => value.toFixed(1)}
            />
          </div>
        ))}
      </div>
      <dl class="gate-figures">
        {SHOWN.filter((name) => of.numbers[name] !== undefined).map((name) => (
          <div key={name}>
            <dt class="hint">{t(`number_${name}`)}</dt>
            <dd>
              <strong>{Number((of.numbers[name] ?? 0).toFixed(1))}</strong>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function curvesOf(points: readonly PointReply[]): readonly PlotLine[] {
  return CURVES.map((curve) => ({
    name: t(`number_${curve}`),
    points: points.filter((point) => point.numbers[curve] !== undefined).map((point) => [Date.parse(point.at), point.numbers[curve] ?? 0] as const),
  }));
}
