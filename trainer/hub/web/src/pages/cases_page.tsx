// Every hard case, by state, reason and store; who reviews how well; labels in and out as files.

import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { address, ask } from "../api.ts";
import type { CaseRow, Routes } from "../api_types.ts";
import { Loaded, Page } from "../parts/page.tsx";
import { Pager } from "../parts/pager.tsx";
import { ReviewerPanel } from "../parts/reviewer_panel.tsx";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { may } from "../session_state.ts";
import { codesOf, codeText, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const LIMIT = 50;
const STATUSES = ["new", "second", "disputed", "labelled", "skipped"] as const;
const TONES: Readonly<Record<string, Tone>> = { new: "accent", second: "ask", disputed: "bad", labelled: "good", skipped: "calm" };

type Asked = NonNullable<Routes["GET /api/v1/cases"]["query"]>;

const COLUMNS: readonly Column<CaseRow>[] = [
  { key: "id", title: t("nav_cases"), isMain: true, cell: (row) => row.case_id },
  { key: "reason", title: t("why"), cell: (row) => codeText("case", row.reason) },
  { key: "status", title: t("state"), cell: (row) => <CaseBadge status={row.status} /> },
  { key: "store", title: t("store"), cell: (row) => row.store_id },
  { key: "box", title: t("box"), cell: (row) => row.box_id },
  { key: "answers", title: t("answers"), isNumber: true, cell: (row) => row.num_answers },
  { key: "value", title: t("worth"), isNumber: true, cell: (row) => row.value },
  { key: "at", title: t("seen"), cell: (row) => <time title={exactly(row.created_at)}>{ago(row.created_at)}</time> },
];

export function CaseBadge({ status }: { status: string }) {
  return <Badge tone={TONES[status] ?? "calm"}>{codeText("casestate", status)}</Badge>;
}

export function CasesPage() {
  const { query } = place.value;
  const asked = {
    status: query.get("status") ?? "", reason: query.get("reason") ?? "", store_id: query.get("store") ?? "",
    offset: Number(query.get("offset") ?? 0), limit: LIMIT,
  } as Asked;
  const cases = useResource(`cases ${query.toString()}`, (stop) => ask("GET /api/v1/cases", { query: asked }, stop));
  return (
    <Page
      title={t("nav_cases")}
      note={t("cases_note")}
      actions={may("labels.exchange") && <Exports />}
    >
      {may("cases.manage") && <ReviewerPanel />}
      <Filters query={query} />
      <Loaded from={cases}>
        {(page) =>
          page.items.length ? (
            <>
              <DataTable
                label={t("nav_cases")}
                columns={COLUMNS}
                rows={page.items}
                rowKey={(row) => row.case_id}
                href={(row) => `/cases/${encodeURIComponent(row.case_id)}`}
              />
              <Pager total={page.total} offset={page.offset} limit={LIMIT} />
            </>
          ) : (
            <EmptyState icon="eye" title={query.size ? t("nothing_found") : t("no_cases")}>
              <p>{query.size ? t("nothing_found_hint") : t("no_cases_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
    </Page>
  );
}

function Filters({ query }: { query: URLSearchParams }) {
  const stores = useResource("stores of cases", (stop) => ask("GET /api/v1/stores", {}, stop));
  const all = { value: "", label: t("all") };
  return (
    <div class="tools">
      <Select
        label={t("state")}
        value={query.get("status") ?? ""}
        options={[all, ...STATUSES.map((value) => ({ value, label: t(`casestate_${value}`) }))]}
        onChoose={(status) => setQuery({ status, offset: "" })}
      />
      <Select
        label={t("why")}
        value={query.get("reason") ?? ""}
        options={[all, ...codesOf("case").map((value) => ({ value, label: t(`case_${value}`) }))]}
        onChoose={(reason) => setQuery({ reason, offset: "" })}
      />
      <Select
        label={t("store")}
        value={query.get("store") ?? ""}
        options={[all, ...(stores.value ?? []).map((one) => ({ value: one.store_id, label: one.name }))]}
        onChoose={(store) => setQuery({ store, offset: "" })}
      />
    </div>
  );
}

function Exports() {
  return (
    <>
      {(["coco", "label_studio"] as const).map((format) => (
        <a key={format} class="button" href={address("/api/v1/labels/export", {}, { format })} download>
          <Icon name="download" />
          {t(`export_${format}`)}
        </a>
      ))}
    </>
  );
}
