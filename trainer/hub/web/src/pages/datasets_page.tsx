// Versions of data sets, the newest first; a new one is made from what is labelled now.

import { useEffect, useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import type { DatasetReply } from "../api_types.ts";
import { shortId } from "../fleet_words.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { SearchField } from "../parts/search_field.tsx";
import { SnapshotSheet } from "../parts/snapshot_sheet.tsx";
import { useResource } from "../resource.ts";
import { go, place, setQuery } from "../router.ts";
import { numberText } from "../run_words.tsx";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const LIMIT = 50;
const FIGURES = ["items", "boxes", "skus", "quarantined"] as const;

const COLUMNS: readonly Column<DatasetReply>[] = [
  {
    key: "name",
    title: t("run_name"),
    canSort: true,
    isMain: true,
    cell: (one) => (
      <>
        {one.name}
        <span class="hint block code">{shortId(one.version_id)}</span>
      </>
    ),
  },
  { key: "state", title: t("state"), cell: (one) => <DatasetBadge of={one} /> },
  ...FIGURES.map((figure) => ({
    key: figure,
    title: t(`set_num_${figure}`),
    canSort: true,
    isNumber: true,
    cell: (one: DatasetReply) => numberText(one.counts[figure] ?? 0),
  })),
  { key: "by", title: t("by"), cell: (one) => one.by },
  { key: "created_at", title: t("run_created"), canSort: true, cell: (one) => <time title={exactly(one.created_at)}>{ago(one.created_at)}</time> },
];

export function DatasetBadge({ of }: { of: DatasetReply }) {
  if (of.withdrawn) return <Badge tone="bad">{t("set_withdrawn")}</Badge>;
  if (of.is_pinned) return <Badge tone="good" icon="lock">{t("set_pinned")}</Badge>;
  return <Badge tone="calm">{t("set_kept")}</Badge>;
}

export function DatasetsPage() {
  const { query } = place.value;
  const name = query.get("q") ?? "";
  const sort = query.get("sort") ?? "-created_at";
  const [isMaking, setMaking] = useState(false);
  const [older, setOlder] = useState<readonly DatasetReply[]>([]);
  const [next, setNext] = useState(0);
  const first = useResource(name, (stop) => ask("GET /api/v1/datasets", { query: { name, limit: LIMIT } }, stop));
  useEffect(() => {
    setOlder([]);
    setNext(first.value?.before ?? 0);
  }, [first.value]);

  async function more(): Promise<void> {
    const page = await ask("GET /api/v1/datasets", { query: { name, before: next, limit: LIMIT } });
    setOlder((old) => [...old, ...page.items]);
    setNext(page.before);
  }
  return (
    <Page
      title={t("nav_datasets")}
      note={t("set_note")}
      actions={
        may("datasets.change") && (
          <Button kind="main" icon="add" onPress={() => setMaking(true)}>
            {t("set_new")}
          </Button>
        )
      }
    >
      <div class="tools">
        <SearchField label={t("set_search")} />
      </div>
      <Loaded from={first}>
        {(page) =>
          page.items.length ? (
            <>
              <DataTable
                label={t("nav_datasets")}
                columns={COLUMNS}
                rows={sorted([...page.items, ...older], sort)}
                rowKey={(one) => one.version_id}
                href={(one) => `/datasets/${one.version_id}`}
                sort={sort}
                onSort={(wanted) => setQuery({ sort: wanted })}
              />
              {next > 0 && (
                <Button kind="soft" onPress={() => void more()}>
                  {t("set_older")}
                </Button>
              )}
            </>
          ) : (
            <EmptyState icon="tray" title={name ? t("nothing_found") : t("set_none")}>
              <p>{name ? t("set_search_hint") : t("set_none_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
      {isMaking && <SnapshotSheet onClose={() => setMaking(false)} onMade={(version) => go(`/datasets/${version}`)} />}
    </Page>
  );
}

function sorted(found: readonly DatasetReply[], sort: string): readonly DatasetReply[] {
  const key = sort.replace(/^-/, "");
  const value = (one: DatasetReply) => (key === "name" ? one.name : key === "created_at" ? one.created_at : (one.counts[key] ?? 0));
  const turn = sort.startsWith("-") ? -1 : 1;
  return [...found].sort((a, b) => (value(a) < value(b) ? -turn : value(a) > value(b) ? turn : 0));
}
