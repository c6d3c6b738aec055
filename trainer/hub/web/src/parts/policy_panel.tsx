// What boxes judge by, beside production's limits: a wider policy is never hidden.

import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import type { RolloutReply } from "../api_types.ts";
import { codeText, t } from "../texts.ts";

interface Limit {
  readonly name: string;
  readonly here: string;
  readonly strictest: string;
}

export function PolicyPanel({ of }: { of: RolloutReply }) {
  const columns: readonly Column<Limit>[] = [
    { key: "name", title: t("limit"), isMain: true, cell: (row) => codeText("limit", row.name) },
    ...(of.policy === "production"
      ? []
      : [{ key: "here", title: t(`policy_${of.policy}`), isNumber: true, cell: (row: Limit) => (row.here === row.strictest ? row.here : <strong>{row.here}</strong>) }]),
    { key: "production", title: t("policy_production"), isNumber: true, cell: (row) => row.strictest },
  ];
  const rows = Object.keys(of.production_policy)
    .filter((name) => name !== "name")
    .map((name) => ({ name, here: said(name, of.box_policy[name]), strictest: said(name, of.production_policy[name]) }));
  return (
    <section class="panel" aria-label={t("policy")}>
      <div class="panel-head">
        <h2>{t("policy")}</h2>
        <span class="hint">{of.policy === "production" ? t("policy_is_production") : t("policy_is_wider")}</span>
      </div>
      <DataTable label={t("policy")} columns={columns} rows={rows} rowKey={(row) => row.name} />
    </section>
  );
}

/** Seconds as hours, everything else as it stands. */
function said(name: string, value: unknown): string {
  return name.endsWith("_s") ? t("unit_h", { value: Number(value) / 3600 }) : String(value ?? "");
}
