// Every box of a rollout, by ring and by how far it is, a page at a time.

import { Select } from "@tillsight/web-shared/choice.tsx";
import { DataTable } from "@tillsight/web-shared/data_table.tsx";
import { ask } from "../api.ts";
import type { RolloutReply, Routes } from "../api_types.ts";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { t } from "../texts.ts";
import { Loaded } from "./page.tsx";
import { Pager } from "./pager.tsx";
import { BOXES } from "./rollout_decisions.tsx";

const LIMIT = 50;
const EVERY_MS = 10_000;
const STEPS = ["offered", "fetched", "held", "swapped", "confirmed", "refused", "rolled_back"] as const;
type Asked = NonNullable<Routes["GET /api/v1/rollouts/{rollout_id}/boxes"]["query"]>;

export function RolloutBoxes({ of }: { of: RolloutReply }) {
  const { query } = place.value;
  const ring = query.get("ring") ?? "";
  const step = query.get("step") ?? "";
  const offset = Number(query.get("offset") ?? 0);
  const all = { value: "", label: t("all") };
  const boxes = useResource(
    `boxes ${of.rollout_id} ${ring} ${step} ${offset}`,
    (stop) => ask("GET /api/v1/rollouts/{rollout_id}/boxes", { path: { rollout_id: of.rollout_id }, query: { ring, step, offset, limit: LIMIT } as Asked }, stop),
    EVERY_MS,
  );
  return (
    <section class="panel" aria-label={t("rollout_boxes")}>
      <div class="panel-head">
        <h2>{t("rollout_boxes")}</h2>
        <span class="row">
          <Select
            label={t("ring")}
            value={ring}
            options={[all, ...of.rings.map(({ name }) => ({ value: name, label: name }))]}
            onChoose={(value) => setQuery({ ring: value, offset: "" })}
          />
          <Select
            label={t("state")}
            value={step}
            options={[all, ...STEPS.map((value) => ({ value, label: t(`step_${value}`) }))]}
            onChoose={(value) => setQuery({ step: value, offset: "" })}
          />
        </span>
      </div>
      <Loaded from={boxes}>
        {(page) => (
          <>
            {page.items.length > 0 ? (
              <DataTable label={t("rollout_boxes")} columns={BOXES} rows={page.items} rowKey={(box) => box.box_id} href={(box) => `/fleet/${encodeURIComponent(box.box_id)}`} />
            ) : (
              <p class="hint">{t("rollout_no_boxes")}</p>
            )}
            <Pager total={page.total} offset={page.offset} limit={LIMIT} />
          </>
        )}
      </Loaded>
    </section>
  );
}
