// New products on their way to the counters: which are open, which are out.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import type { Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import type { OnboardingRow } from "../api_types.ts";
import { LocalTable } from "../parts/local_table.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { useResource } from "../resource.ts";
import { go, place, setQuery } from "../router.ts";
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

const VALUES = {
  sku: (row: OnboardingRow) => row.sku_id,
  state: (row: OnboardingRow) => row.status,
  photos: (row: OnboardingRow) => row.num_photos,
  by: (row: OnboardingRow) => row.by,
  begun: (row: OnboardingRow) => row.created_at,
};

export function OnboardingPage() {
  const status = place.value.query.get("status") ?? "";
  const rows = useResource("onboarding", (stop) => ask("GET /api/v1/onboarding", { query: { limit: 200 } }, stop));
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
            <LocalTable
              label={t("nav_onboarding")}
              columns={COLUMNS}
              values={VALUES}
              sort="-begun"
              words={(row) => `${row.sku_id} ${row.by}`}
              searchLabel={t("search_onboarding")}
              isFiltered={status !== ""}
              filters={
                <Select
                  label={t("state")}
                  value={status}
                  options={["", "open", "published"].map((value) => ({ value, label: value ? t(`onboarding_${value}`) : t("all") }))}
                  onChoose={(value) => setQuery({ status: value, offset: "" })}
                />
              }
              rows={found.filter((row) => !status || row.status === status)}
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
