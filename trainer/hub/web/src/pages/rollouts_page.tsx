// Every rollout: which model goes where, how far it is, who started it.

import { Select } from "@tillsight/web-shared/choice.tsx";
import type { Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import type { RolloutRow } from "../api_types.ts";
import { LocalTable } from "../parts/local_table.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { PhaseBadge, rolloutHref } from "../rollout_words.tsx";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const EVERY_MS = 15_000;

const COLUMNS: readonly Column<RolloutRow>[] = [
  { key: "model", title: t("model"), isMain: true, cell: (row) => `${row.name} ${row.version}` },
  { key: "phase", title: t("state"), cell: (row) => <PhaseBadge phase={row.phase} /> },
  { key: "ring", title: t("ring"), cell: (row) => t("ring_of", { ring: row.ring, place: row.place + 1, total: row.num_rings }) },
  { key: "confirmed", title: t("confirmed"), isNumber: true, cell: (row) => t("share_of", { part: row.num_confirmed, total: row.num_boxes }) },
  { key: "failed", title: t("failed"), isNumber: true, cell: (row) => row.num_failed },
  { key: "policy", title: t("policy"), cell: (row) => row.policy },
  { key: "by", title: t("by"), cell: (row) => row.started_by },
  { key: "at", title: t("begun"), cell: (row) => <time title={exactly(row.started_at)}>{ago(row.started_at)}</time> },
];

const PHASES = ["running", "held", "stopped", "withdrawn", "done"] as const;
const VALUES = {
  model: (row: RolloutRow) => `${row.name} ${row.version}`,
  phase: (row: RolloutRow) => row.phase,
  ring: (row: RolloutRow) => row.place,
  confirmed: (row: RolloutRow) => row.num_confirmed / Math.max(1, row.num_boxes),
  failed: (row: RolloutRow) => row.num_failed,
  at: (row: RolloutRow) => row.started_at,
};

export function RolloutsPage() {
  const phase = place.value.query.get("phase") ?? "";
  const rollouts = useResource("rollouts", (stop) => ask("GET /api/v1/rollouts", { query: { limit: 200 } }, stop), EVERY_MS);
  return (
    <Page title={t("nav_rollouts")} note={t("rollouts_note")}>
      <Loaded from={rollouts}>
        {(rows) =>
          rows.length ? (
            <LocalTable
              label={t("nav_rollouts")}
              columns={COLUMNS}
              values={VALUES}
              sort="-at"
              words={(row) => `${row.name} ${row.version} ${row.ring} ${row.bundle_id} ${row.started_by}`}
              searchLabel={t("search_rollouts")}
              isFiltered={phase !== ""}
              filters={
                <Select
                  label={t("state")}
                  value={phase}
                  options={[{ value: "", label: t("all") }, ...PHASES.map((value) => ({ value, label: t(`phase_${value}`) }))]}
                  onChoose={(value) => setQuery({ phase: value, offset: "" })}
                />
              }
              rows={rows.filter((row) => !phase || row.phase === phase)}
              rowKey={(row) => String(row.rollout_id)}
              href={(row) => rolloutHref(row.rollout_id)}
            />
          ) : (
            <EmptyState icon="swap" title={t("no_rollouts")}>
              <p>{t("no_rollouts_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
    </Page>
  );
}
