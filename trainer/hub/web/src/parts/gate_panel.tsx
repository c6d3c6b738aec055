// What the gate measured: both accuracies, the difference with its bounds, flips, slices, reasons.

import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import type { VerdictReply } from "../api_types.ts";
import { percent, points, type GateDocument, type GateSlice } from "../gate_document.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";
import { GateEvidenceTables, LookLedger } from "./gate_evidence.tsx";

const TONES: Readonly<Record<VerdictReply["verdict"], Tone>> = { pass: "good", reject: "bad", inconclusive: "ask" };

const COLUMNS: readonly Column<GateSlice>[] = [
  { key: "name", title: t("slice"), isMain: true, cell: (slice) => slice.name },
  { key: "baskets", title: t("baskets"), isNumber: true, cell: (slice) => slice.num_baskets },
  { key: "difference", title: t("difference"), isNumber: true, cell: (slice) => points(slice.difference) },
  { key: "upper", title: t("at_most"), isNumber: true, cell: (slice) => points(slice.upper) },
  {
    key: "state",
    title: t("state"),
    cell: (slice) => <Badge tone={slice.is_worse ? "bad" : "good"}>{t(slice.is_worse ? "slice_worse" : "slice_fine")}</Badge>,
  },
];

export function GatePanel({ verdict }: { verdict: VerdictReply }) {
  const found = verdict.document as unknown as GateDocument;
  return (
    <section id="gate" class="panel" aria-label={t("gate")}>
      <div class="panel-head">
        <h2 class="row">
          {t("gate")} <Badge tone={TONES[verdict.verdict]}>{t(`verdict_${verdict.verdict}`)}</Badge>
        </h2>
        <span class="hint" title={exactly(verdict.at)}>
          {t("judged", { by: verdict.by, ago: ago(verdict.at), look: verdict.look, looks: found.policy.num_looks, policy: found.policy.name })}
        </span>
      </div>
      <dl class="gate-figures">
        <Figure name={t("champion")} value={percent(found.champion_accuracy)} />
        <Figure name={t("candidate")} value={percent(found.candidate_accuracy)} />
        <Figure name={t("difference_points")} value={points(found.difference)} note={`${points(found.lower)} … ${points(found.upper)}`} />
        <Figure name={t("baskets")} value={String(found.num_baskets)} note={t("clusters", { count: found.num_clusters })} />
        <Figure name={t("now_right")} value={String(found.positive_flips.length)} />
        <Figure name={t("now_wrong")} value={String(found.negative_flips.length)} />
      </dl>
      <ul class="advice">
        {found.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
        {found.num_more > 0 && <li>{t("label_more", { count: found.num_more })}</li>}
      </ul>
      {found.negative_flips.length > 0 && (
        <details>
          <summary>{t("now_wrong_list")}</summary>
          <p class="hint">{t("now_wrong_blind")}</p>
          <ul class="code">
            {found.negative_flips.map((name) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        </details>
      )}
      {found.slices.length > 0 && (
        <>
          <DataTable label={t("slices")} columns={COLUMNS} rows={found.slices} rowKey={(slice) => slice.name} />
          <p class="hint">{t("slice_hint")}</p>
        </>
      )}
      <GateEvidenceTables evidence={found.evidence} blamed={found.blamed} />
      <LookLedger blindSet={verdict.blind_set} />
    </section>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div>
      <dt class="hint">{name}</dt>
      <dd>
        <strong>{value}</strong>
        {note && <span class="hint block">{note}</span>}
      </dd>
    </div>
  );
}
