// Every model that was registered, and how far it has come on its way to the counters.

import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import type { ModelRow } from "../api_types.ts";
import { shortId } from "../fleet_words.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { useResource } from "../resource.ts";
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

export function ModelsPage() {
  const models = useResource("models", (stop) => ask("GET /api/v1/models", {}, stop));
  return (
    <Page title={t("nav_models")} note={t("models_note")}>
      <Loaded from={models}>
        {(found) =>
          found.length ? (
            <DataTable
              label={t("nav_models")}
              columns={COLUMNS}
              rows={found}
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
