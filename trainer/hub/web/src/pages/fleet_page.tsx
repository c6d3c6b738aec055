// Every box: how it is, where it stands, what it runs. New ones come in by six words.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import type { BoxLine, Routes } from "../api_types.ts";
import { HealthBadge, shortId } from "../fleet_words.tsx";
import { ClaimCodeSheet } from "../parts/claim_code_sheet.tsx";
import { EnrolPanel } from "../parts/enrol_panel.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { Pager } from "../parts/pager.tsx";
import { SearchField } from "../parts/search_field.tsx";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const LIMIT = 50;
const EVERY_MS = 10_000;
const HEALTHS = ["", "ok", "degraded", "failed", "silent"] as const;
type Order = NonNullable<NonNullable<Routes["GET /api/v1/fleet/boxes"]["query"]>["sort"]>;
type Health = (typeof HEALTHS)[number];

const COLUMNS: readonly Column<BoxLine>[] = [
  { key: "box_id", title: t("box"), canSort: true, cell: (box) => <span class="nowrap">{box.box_id}</span>, isMain: true },
  { key: "health", title: t("health"), cell: (box) => <HealthBadge box={box} /> },
  { key: "store_id", title: t("store"), canSort: true, cell: (box) => box.store_id },
  { key: "ring", title: t("ring"), canSort: true, cell: (box) => box.ring },
  { key: "bundle", title: t("bundle"), cell: (box) => box.bundle && <span class="code">{shortId(box.bundle)}</span> },
  { key: "edge_version", title: t("version"), canSort: true, cell: (box) => box.edge_version },
  { key: "seen_at", title: t("seen"), canSort: true, cell: (box) => box.seen_at && <time title={exactly(box.seen_at)}>{ago(box.seen_at)}</time> },
];

export function FleetPage() {
  const { query } = place.value;
  const [isMaking, setMaking] = useState(false);
  const q = query.get("q") ?? "";
  const health = (query.get("health") ?? "") as Health;
  const offset = Number(query.get("offset") ?? 0);
  const sort = query.get("sort") ?? "box_id";
  const key = `${q}|${health}|${offset}|${sort}`;
  const boxes = useResource(
    key,
    (stop) => ask("GET /api/v1/fleet/boxes", { query: { q, health, offset, limit: LIMIT, sort: sort as Order } }, stop),
    EVERY_MS,
  );
  return (
    <Page
      title={t("nav_fleet")}
      note={boxes.value && t("num_boxes", { count: boxes.value.total })}
      actions={
        may("fleet.change") && (
          <Button kind="main" icon="add" onPress={() => setMaking(true)}>
            {t("new_box")}
          </Button>
        )
      }
    >
      <EnrolPanel onDone={boxes.reload} />
      <div class="tools">
        <SearchField label={t("search_boxes")} />
        <Segmented
          label={t("health")}
          value={health}
          options={HEALTHS.map((value) => ({ value, label: value ? t(`health_${value}`) : t("all") }))}
          onChoose={(value) => setQuery({ health: value, offset: "" })}
        />
      </div>
      <Loaded from={boxes}>
        {(page) =>
          page.items.length ? (
            <>
              <DataTable
                label={t("nav_fleet")}
                columns={COLUMNS}
                rows={page.items}
                rowKey={(box) => box.box_id}
                href={(box) => `/fleet/${encodeURIComponent(box.box_id)}`}
                sort={sort}
                onSort={(wanted) => setQuery({ sort: wanted, offset: "" })}
              />
              <Pager total={page.total} offset={offset} limit={LIMIT} />
            </>
          ) : (
            <EmptyState icon="store" title={q || health ? t("nothing_found") : t("no_boxes")}>
              <p>{q || health ? t("nothing_found_hint") : t("no_boxes_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
      {isMaking && <ClaimCodeSheet onClose={() => setMaking(false)} />}
    </Page>
  );
}
