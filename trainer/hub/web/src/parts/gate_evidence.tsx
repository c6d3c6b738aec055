// What the gate worker measured beside the replays: each part swapped alone, each target's cost; and the ledger of looks.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { ask } from "../api.ts";
import type { LookReply } from "../api_types.ts";
import { shortId } from "../fleet_words.tsx";
import { percent, points, type GateEvidence, type PartEffect, type TargetCost } from "../gate_document.ts";
import { useResource } from "../resource.ts";
import { codeText, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const PARTS: readonly Column<PartEffect>[] = [
  { key: "part", title: t("swapped_part"), isMain: true, cell: (row) => codeText("part", row.part) },
  { key: "difference", title: t("difference"), isNumber: true, cell: (row) => points(row.difference) },
  { key: "won", title: t("now_right"), isNumber: true, cell: (row) => row.won },
  { key: "lost", title: t("now_wrong"), isNumber: true, cell: (row) => row.lost },
];

const TARGETS: readonly Column<TargetCost>[] = [
  { key: "provider", title: t("target"), isMain: true, cell: (row) => row.provider },
  { key: "ms", title: t("slowest_ms"), isNumber: true, cell: (row) => `${row.champion_p95_ms.toFixed(1)} → ${row.candidate_p95_ms.toFixed(1)}` },
  { key: "mib", title: t("memory_mib"), isNumber: true, cell: (row) => `${row.champion_rss_mib.toFixed(0)} → ${row.candidate_rss_mib.toFixed(0)}` },
];

export function GateEvidenceTables({ evidence, blamed }: { evidence: GateEvidence | undefined; blamed: string | undefined }) {
  if (!evidence) return null;
  return (
    <>
      {evidence.parts.length > 0 && (
        <>
          <h3>{t("swapped_parts")}</h3>
          <p class="hint">{blamed || t("swapped_parts_hint")}</p>
          <DataTable label={t("swapped_parts")} columns={PARTS} rows={evidence.parts} rowKey={(row) => row.part} />
        </>
      )}
      {evidence.targets.length > 0 && <DataTable label={t("targets")} columns={TARGETS} rows={evidence.targets} rowKey={(row) => row.provider} />}
      {evidence.parity !== null && <p class="hint">{t("parity", { share: percent(evidence.parity) })}</p>}
    </>
  );
}

export function LookLedger({ blindSet }: { blindSet: string }) {
  const looks = useResource(`looks ${blindSet}`, async (stop) => {
    const sets = await ask("GET /api/v1/blind-sets", {}, stop);
    const found = sets.find((one) => one.blind_set_id === blindSet);
    if (!found) return null;
    return { set: found, looks: await ask("GET /api/v1/blind-sets/{blind_set_id}/looks", { path: { blind_set_id: blindSet } }, stop) };
  });
  const told = looks.value;
  if (!told) return null;
  return (
    <details>
      <summary>{t("ledger", { used: told.set.looks_used, budget: told.set.budget, version: told.set.version })}</summary>
      <p class="hint">{t("ledger_hint")}</p>
      <ul class="list">
        {told.looks.map((look) => (
          <Look key={look.look} look={look} />
        ))}
      </ul>
    </details>
  );
}

function Look({ look }: { look: LookReply }) {
  return (
    <li>
      <strong>{look.look}</strong>
      <a class="grow code" href={`/models/${look.bundle_id}`}>
        {shortId(look.bundle_id)}
      </a>
      <span class="hint" title={exactly(look.at)}>
        {look.by}, {ago(look.at)}
      </span>
      <Badge tone={look.verdict === "pass" ? "good" : look.verdict === "reject" ? "bad" : "ask"}>{look.verdict ? t(`verdict_${look.verdict}`) : t("look_unreported")}</Badge>
    </li>
  );
}
