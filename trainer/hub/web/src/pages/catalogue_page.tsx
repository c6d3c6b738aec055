// Everything that can be sold: found while typing, sorted, filtered, a page at a time.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { ask, type Reply } from "../api.ts";
import type { Routes, SkuReply } from "../api_types.ts";
import { ImportSheet } from "../parts/import_sheet.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { Pager } from "../parts/pager.tsx";
import { Picture } from "../parts/picture.tsx";
import { SearchField } from "../parts/search_field.tsx";
import { useResource } from "../resource.ts";
import { go, place, setQuery } from "../router.ts";
import { may } from "../session_state.ts";
import { categoryOf, nameOf, pictureOf, weightText } from "../sku_words.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const LIMIT = 50;
const MISSING = ["", "picture", "gtin", "weight", "category"] as const;
const STATUSES = ["active", "retired"] as const;

const COLUMNS: readonly Column<SkuReply>[] = [
  {
    key: "name",
    title: t("name"),
    canSort: true,
    isMain: true,
    cell: (sku) => (
      <span class="with-picture">
        <Picture src={sku.has_picture ? pictureOf(sku) : ""} />
        <span>
          {nameOf(sku)}
          <span class="hint block">{sku.sku_id}</span>
        </span>
      </span>
    ),
  },
  { key: "gtin", title: t("gtin"), canSort: true, cell: (sku) => sku.gtin && <span class="code">{sku.gtin}</span> },
  { key: "category", title: t("category"), canSort: true, cell: categoryOf },
  { key: "weight", title: t("weight"), isNumber: true, cell: (sku) => weightText(sku.expected_weight_g) },
  { key: "age", title: t("age"), cell: (sku) => sku.age_limit && <Badge tone="ask" icon="person">{`${sku.age_limit}+`}</Badge> },
  {
    key: "updated_at",
    title: t("changed"),
    canSort: true,
    cell: (sku) => <time title={exactly(sku.updated_at)}>{ago(sku.updated_at)}</time>,
  },
];

export function CataloguePage() {
  const { query } = place.value;
  const [isImporting, setImporting] = useState(false);
  const offset = Number(query.get("offset") ?? 0);
  const sort = query.get("sort") ?? "name";
  const skus = useResource(query.toString(), (stop) => ask("GET /api/v1/skus", { query: asked(query) }, stop));
  return (
    <Page
      title={t("nav_catalogue")}
      note={skus.value && t("num_skus", { count: skus.value.total })}
      actions={
        <>
          <a class="button" href="/api/v1/skus-export?format=csv" download>
            <Icon name="download" />
            {t("export")}
          </a>
          {may("catalogue.change") && (
            <Button icon="upload" onPress={() => setImporting(true)}>
              {t("import")}
            </Button>
          )}
          {may("catalogue.change") && (
            <Button kind="main" icon="add" onPress={() => go("/catalogue/+new")}>
              {t("new_sku")}
            </Button>
          )}
        </>
      }
    >
      <div class="tools">
        <SearchField label={t("search_skus")} autoFocus />
        <CategoryFilter />
        <Select
          label={t("missing")}
          value={query.get("missing") ?? ""}
          options={MISSING.map((value) => ({ value, label: value ? t(`missing_${value}`) : t("missing_any") }))}
          onChoose={(missing) => setQuery({ missing, offset: "" })}
        />
        <Select
          label={t("state")}
          value={query.get("status") ?? "active"}
          options={STATUSES.map((value) => ({ value, label: t(`status_${value}`) }))}
          onChoose={(status) => setQuery({ status: status === "active" ? "" : status, offset: "" })}
        />
      </div>
      <Loaded from={skus}>
        {(page) =>
          page.items.length ? (
            <>
              <DataTable
                label={t("nav_catalogue")}
                columns={COLUMNS}
                rows={page.items}
                rowKey={(sku) => sku.sku_id}
                href={(sku) => `/catalogue/${encodeURIComponent(sku.sku_id)}`}
                sort={sort}
                onSort={(wanted) => setQuery({ sort: wanted, offset: "" })}
              />
              <Pager total={page.total} offset={offset} limit={LIMIT} />
            </>
          ) : (
            <EmptyState icon="catalogue" title={query.size ? t("nothing_found") : t("no_skus")}>
              <p>{query.size ? t("nothing_found_hint") : t("no_skus_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
      {isImporting && (
        <ImportSheet
          onClose={() => setImporting(false)}
          onDone={() => {
            setImporting(false);
            skus.reload();
          }}
        />
      )}
    </Page>
  );
}

type Asked = NonNullable<Routes["GET /api/v1/skus"]["query"]>;

function asked(query: URLSearchParams): Asked {
  const sort = query.get("sort") ?? "name";
  return {
    q: query.get("q") ?? "",
    category: query.get("category") ?? "",
    missing: query.get("missing") ?? "",
    status: query.get("status") ?? "active",
    sort: sort.replace(/^-/, ""),
    order: sort.startsWith("-") ? "desc" : "asc",
    offset: Number(query.get("offset") ?? 0),
    limit: LIMIT,
  } as Asked;
}

function CategoryFilter() {
  const categories = useResource("categories", (stop) => ask("GET /api/v1/categories", {}, stop));
  const found: Reply<"GET /api/v1/categories"> = categories.value ?? [];
  if (!found.length) return null;
  return (
    <Select
      label={t("category")}
      value={place.value.query.get("category") ?? ""}
      options={[
        { value: "", label: t("all") },
        ...found.filter((one) => one.path).map((one) => ({ value: one.path, label: `${one.path.replaceAll("/", " › ")} (${one.num_skus})` })),
      ]}
      onChoose={(category) => setQuery({ category, offset: "" })}
    />
  );
}
