// Who reviews, how fast, and how often known truths and colleagues agree with them.

import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { ask } from "../api.ts";
import type { StatsReply } from "../api_types.ts";
import { useResource } from "../resource.ts";
import { numberText } from "../run_words.tsx";
import { t } from "../texts.ts";

const COLUMNS: readonly Column<StatsReply>[] = [
  { key: "reviewer", title: t("person"), isMain: true, cell: (row) => row.reviewer },
  { key: "answers", title: t("answers"), isNumber: true, cell: (row) => numberText(row.num_answers) },
  { key: "boxes", title: t("set_num_boxes"), isNumber: true, cell: (row) => numberText(row.num_boxes) },
  { key: "pace", title: t("pace"), isNumber: true, cell: (row) => t("unit_s", { value: row.median_seconds }) },
  { key: "gold", title: t("my_gold"), isNumber: true, cell: (row) => shareText(row.num_gold_right, row.num_gold) },
  { key: "agreed", title: t("my_agreement"), isNumber: true, cell: (row) => shareText(row.num_agreed, row.num_compared) },
];

export function ReviewerPanel() {
  const stats = useResource("review stats", (stop) => ask("GET /api/v1/review/stats", {}, stop));
  if (!stats.value?.length) return null;
  const rows = [...stats.value].sort((a, b) => b.num_answers - a.num_answers);
  return (
    <section class="panel" aria-label={t("reviewers")}>
      <div class="panel-head">
        <h2>{t("reviewers")}</h2>
      </div>
      <DataTable label={t("reviewers")} columns={COLUMNS} rows={rows} rowKey={(row) => row.reviewer} />
    </section>
  );
}

function shareText(part: number, whole: number): string {
  return whole ? t("share_in_percent", { percent: Math.round((100 * part) / whole), total: whole }) : t("not_yet");
}
