// New products on their way to the counters: which are open, which are out.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import type { OnboardingRow } from "../api_types.ts";
import { Loaded, Page } from "../parts/page.tsx";
import { useResource } from "../resource.ts";
import { go } from "../router.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const COLUMNS: readonly Column<OnboardingRow>[] = [
  { key: "sku", title: t("product"), isMain: true, cell: (row) => row.sku_id },
  {
    key: "state",
    title: t("state"),
    cell: (row) => <Badge tone={row.status === "published" ? "good" : "ask"}>{t(`onboarding_${row.status}`)}</Badge>,
  },
  { key: "photos", title: t("photos"), isNumber: true, cell: (row) => row.num_photos },
  { key: "by", title: t("by"), cell: (row) => row.by },
  { key: "begun", title: t("begun"), cell: (row) => <time title={exactly(row.created_at)}>{ago(row.created_at)}</time> },
];

export function OnboardingPage() {
  const rows = useResource("onboarding", (stop) => ask("GET /api/v1/onboarding", { query: { limit: 100 } }, stop));
  return (
    <Page
      title={t("nav_onboarding")}
      note={t("onboarding_note")}
      actions={
        may("onboarding.change") && (
          <Button kind="main" icon="add" onPress={() => go("/onboarding/+new")}>
            {t("new_sku")}
          </Button>
        )
      }
    >
      <Loaded from={rows}>
        {(found) =>
          found.length ? (
            <DataTable
              label={t("nav_onboarding")}
              columns={COLUMNS}
              rows={found}
              rowKey={(row) => row.onboarding_id}
              href={(row) => `/onboarding/${encodeURIComponent(row.onboarding_id)}`}
            />
          ) : (
            <EmptyState icon="camera" title={t("no_onboarding")}>
              <p>{t("no_onboarding_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
    </Page>
  );
}
