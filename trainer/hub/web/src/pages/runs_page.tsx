// Everything that was tried: found by name, state and tag, sorted, chosen to be compared.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import type { Routes, RunRow } from "../api_types.ts";
import { Loaded, Page } from "../parts/page.tsx";
import { Pager } from "../parts/pager.tsx";
import { SearchField } from "../parts/search_field.tsx";
import { useResource } from "../resource.ts";
import { go, place, setQuery } from "../router.ts";
import { RunBadge, tookText } from "../run_words.tsx";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const LIMIT = 50;
const EVERY_MS = 10_000;
const STATUSES = ["", "draft", "queued", "running", "done", "failed", "cancelled"] as const;

type Asked = NonNullable<Routes["GET /api/v1/runs"]["query"]>;

export function RunsPage() {
  const { query } = place.value;
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const sort = query.get("sort") ?? "-created_at";
  const tag = query.get("tag") ?? "";
  const asked = {
    q: query.get("q") ?? "", status: query.get("status") ?? "", tag, sort,
    offset: Number(query.get("offset") ?? 0), limit: LIMIT,
  } as Asked;
  const runs = useResource(query.toString(), (stop) => ask("GET /api/v1/runs", { query: asked }, stop), EVERY_MS);
  const toggle = (id: string) => setChosen((old) => (old.includes(id) ? old.filter((one) => one !== id) : [...old, id]));
  return (
    <Page
      title={t("nav_runs")}
      note={runs.value && t("run_count", { count: runs.value.total })}
      actions={
        <Button
          kind={chosen.length > 1 ? "main" : "plain"}
          icon="swap"
          blocked={chosen.length < 2}
          onPress={() => chosen.length > 1 && go(`/runs/+compare?runs=${chosen.join(",")}`)}
        >
          {chosen.length > 1 ? t("run_compare_count", { count: chosen.length }) : t("run_compare_hint")}
        </Button>
      }
    >
      <div class="tools">
        <SearchField label={t("run_search")} />
        <SearchField label={t("run_tag")} name="tag" />
        <Select
          label={t("state")}
          value={query.get("status") ?? ""}
          options={STATUSES.map((value) => ({ value, label: value ? t(`run_is_${value}`) : t("all") }))}
          onChoose={(status) => setQuery({ status, offset: "" })}
        />
      </div>
      <Loaded from={runs}>
        {(page) =>
          page.items.length ? (
            <>
              <DataTable
                label={t("nav_runs")}
                columns={columns(chosen, toggle)}
                rows={page.items}
                rowKey={(run) => run.run_id}
                href={(run) => `/runs/${run.run_id}`}
                sort={sort}
                onSort={(wanted) => setQuery({ sort: wanted, offset: "" })}
              />
              <Pager total={page.total} offset={page.offset} limit={LIMIT} />
            </>
          ) : (
            <EmptyState icon="pulse" title={query.size ? t("nothing_found") : t("run_none")}>
              <p>{query.size ? t("nothing_found_hint") : t("run_none_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
    </Page>
  );
}

function columns(chosen: readonly string[], toggle: (id: string) => void): readonly Column<RunRow>[] {
  return [
    {
      key: "choose",
      title: t("run_compare"),
      cell: (run) => (
        <input
          type="checkbox"
          class="over-link"
          aria-label={t("run_choose", { name: run.name })}
          checked={chosen.includes(run.run_id)}
          onChange={() => toggle(run.run_id)}
        />
      ),
    },
    { key: "name", title: t("run_name"), canSort: true, isMain: true, cell: (run) => run.name },
    { key: "status", title: t("state"), canSort: true, cell: (run) => <RunBadge status={run.status} /> },
    { key: "kind", title: t("run_kind"), canSort: true, cell: (run) => run.kind },
    { key: "tags", title: t("run_tags"), cell: (run) => <Tags tags={run.tags} /> },
    { key: "took", title: t("run_took"), isNumber: true, cell: (run) => tookText(run.started_at, run.finished_at) },
    { key: "by", title: t("by"), cell: (run) => run.created_by },
    {
      key: "created_at",
      title: t("run_created"),
      canSort: true,
      cell: (run) => <time title={exactly(run.created_at)}>{ago(run.created_at)}</time>,
    },
  ];
}

/** Each tag leads to the runs that bear it. */
export function Tags({ tags }: { tags: readonly string[] }) {
  if (!tags.length) return null;
  return (
    <span class="row tags">
      {tags.map((tag) => (
        <a key={tag} class="over-link" href={`/runs?tag=${encodeURIComponent(tag)}`}>
          <Badge tone="calm" icon="price">{tag}</Badge>
        </a>
      ))}
    </span>
  );
}
