// Every model that was registered, and how far it has come on its way to the counters.

import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import type { Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import type { ModelRow } from "../api_types.ts";
import { shortId } from "../fleet_words.tsx";
import { LocalTable } from "../parts/local_table.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const STAGE_TONES: Readonly<Record<ModelRow["stage"], Tone>> = {
  registered: "calm",
  passed: "accent",
  inconclusive: "ask",
  rejected: "bad",
  approved: "good",
  refused: "bad",
};

const STAGES = Object.keys(STAGE_TONES) as readonly ModelRow["stage"][];

export function StageBadge({ stage }: { stage: ModelRow["stage"] }) {
  return <Badge tone={STAGE_TONES[stage]}>{t(`stage_${stage}`)}</Badge>;
}

const COLUMNS: readonly Column<ModelRow>[] = [
  { key: "name", title: t("model"), isMain: true, cell: (model) => `${model.name} ${model.version}` },
  { key: "stage", title: t("state"), cell: (model) => <StageBadge stage={model.stage} /> },
  { key: "bundle", title: t("bundle"), cell: (model) => <span class="code">{shortId(model.bundle_id)}</span> },
  { key: "by", title: t("by"), cell: (model) => model.registered_by },
  { key: "at", title: t("registered"), cell: ({ registered_at: at }) => <time title={exactly(at)}>{ago(at)}</time> },
];

const VALUES = {
  name: (model: ModelRow) => `${model.name} ${model.version}`,
  stage: (model: ModelRow) => model.stage,
  by: (model: ModelRow) => model.registered_by,
  at: (model: ModelRow) => model.registered_at,
};

export function ModelsPage() {
  const stage = place.value.query.get("stage") ?? "";
  const models = useResource("models", (stop) => ask("GET /api/v1/models", { query: { limit: 500 } }, stop));
  return (
    <Page title={t("nav_models")} note={t("models_note")}>
      <Loaded from={models}>
        {(found) =>
          found.length ? (
            <LocalTable
              label={t("nav_models")}
              columns={COLUMNS}
              values={VALUES}
              sort="-at"
              words={(model) => `${model.name} ${model.version} ${model.bundle_id} ${model.registered_by}`}
              searchLabel={t("search_models")}
              isFiltered={stage !== ""}
              filters={
                <Select
                  label={t("state")}
                  value={stage}
                  options={[{ value: "", label: t("all") }, ...STAGES.map((value) => ({ value, label: t(`stage_${value}`) }))]}
                  onChoose={(value) => setQuery({ stage: value, offset: "" })}
                />
              }
              rows={found.filter((model) => !stage || model.stage === stage)}
              rowKey={(model) => model.bundle_id}
              href={(model) => `/models/${model.bundle_id}`}
            />
          ) : (
            <EmptyState icon="model" title={t("no_models")}>
              <p>{t("no_models_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
    </Page>
  );
}
