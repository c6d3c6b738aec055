// One store: its prices, changed in place from a moment on, and the signed list that its boxes take.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { formatMoney } from "@tillsight/web-shared/money.ts";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { address, ask } from "../api.ts";
import type { PriceListReply, PriceReply, StoreReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { MarginPanel } from "../parts/margin_panel.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { Pager } from "../parts/pager.tsx";
import { PriceImportSheet } from "../parts/price_import_sheet.tsx";
import { PriceSheet } from "../parts/price_sheet.tsx";
import { PromotionPanel } from "../parts/promotion_panel.tsx";
import { SearchField } from "../parts/search_field.tsx";
import { StoreSheet } from "../parts/store_sheet.tsx";
import { useResource } from "../resource.ts";
import { go, place } from "../router.ts";
import { may } from "../session_state.ts";
import { language, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const LIMIT = 50;
type Open = "" | "edit" | "clone" | "import";

export function StorePage({ id }: { id: string }) {
  const path = { store_id: id };
  const { query } = place.value;
  const q = query.get("q") ?? "";
  const offset = Number(query.get("offset") ?? 0);
  const [changing, setChanging] = useState<PriceReply | null>(null);
  const [open, setOpen] = useState<Open>("");
  const store = useResource(id, (stop) => ask("GET /api/v1/stores/{store_id}", { path }, stop));
  const prices = useResource(`${id}|${q}|${offset}`, (stop) =>
    ask("GET /api/v1/stores/{store_id}/prices", { path, query: { q, offset, limit: LIMIT } }, stop),
  );
  const list = useResource(`list ${id}`, (stop) => ask("GET /api/v1/stores/{store_id}/price-list", { path }, stop));
  return (
    <Page
      title={store.value?.name ?? id}
      back={{ href: "/stores", label: t("nav_stores") }}
      note={store.value && [id, store.value.time_zone, store.value.currency].join(" · ")}
      actions={
        store.value && may("catalogue.change") && (
          <>
            <Button icon="settings" onPress={() => setOpen("edit")}>
              {t("edit")}
            </Button>
            <Button icon="add" onPress={() => setOpen("clone")}>
              {t("clone_store")}
            </Button>
          </>
        )
      }
    >
      <Loaded from={list}>{(value) => <ListPanel storeId={id} list={value} onDone={list.reload} />}</Loaded>
      <div class="tools">
        <SearchField label={t("search_prices")} />
        <a class="button" href={address("/api/v1/stores/{store_id}/prices-export", path)} download>
          <Icon name="download" />
          {t("export")}
        </a>
        {may("catalogue.change") && (
          <Button icon="upload" onPress={() => setOpen("import")}>
            {t("import")}
          </Button>
        )}
      </div>
      <Loaded from={prices}>
        {(page) =>
          page.items.length && store.value ? (
            <>
              <DataTable label={t("prices")} columns={columnsOf(store.value, setChanging)} rows={page.items} rowKey={(price) => price.sku_id} />
              <Pager total={page.total} offset={offset} limit={LIMIT} />
            </>
          ) : (
            <EmptyState icon="catalogue" title={q ? t("nothing_found") : t("no_prices_here")}>
              <p>{q ? t("nothing_found_hint") : t("no_prices_here_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
      {store.value && <PromotionPanel store={store.value} onDone={list.reload} />}
      {store.value && may("monitoring.read") && <MarginPanel storeId={id} />}
      {store.value && (open === "edit" || open === "clone") && (
        <StoreSheet
          store={store.value}
          isClone={open === "clone"}
          onClose={() => setOpen("")}
          onDone={(done) => {
            setOpen("");
            store.reload();
            list.reload();
            if (done.store_id !== id) go(`/stores/${encodeURIComponent(done.store_id)}`);
          }}
        />
      )}
      {open === "import" && (
        <PriceImportSheet
          storeId={id}
          onClose={() => setOpen("")}
          onDone={() => {
            setOpen("");
            prices.reload();
            list.reload();
          }}
        />
      )}
      {changing && store.value && (
        <PriceSheet
          store={store.value}
          price={changing}
          onClose={() => setChanging(null)}
          onDone={() => {
            setChanging(null);
            prices.reload();
            list.reload();
          }}
        />
      )}
    </Page>
  );
}

function columnsOf(store: StoreReply, onChange: (price: PriceReply) => void): readonly Column<PriceReply>[] {
  const money = (minor: number) => formatMoney(minor, store.currency, store.exponent, language.value);
  const columns: readonly Column<PriceReply>[] = [
    {
      key: "name",
      title: t("product"),
      isMain: true,
      cell: (price) => (
        <span>
          {price.name}
          <span class="hint block">{price.sku_id}</span>
        </span>
      ),
    },
    {
      key: "now",
      title: t("price_now"),
      isNumber: true,
      cell: (price) => (price.amount_minor === null || price.amount_minor === undefined ? "" : money(price.amount_minor)),
    },
    {
      key: "coming",
      title: t("price_coming"),
      isNumber: true,
      cell: ({ coming }) => coming && <span title={exactly(coming.valid_from)}>{`${money(coming.amount_minor)}, ${ago(coming.valid_from)}`}</span>,
    },
    { key: "state", title: t("state"), cell: (price) => price.is_stopped && <Badge tone="bad">{t("stopped")}</Badge> },
  ];
  if (!may("catalogue.change")) return columns;
  return [
    ...columns,
    {
      key: "change",
      title: t("edit"),
      cell: (price) => (
        <Button class="button-small" label={`${t("change_price")}: ${price.name}`} onPress={() => onChange(price)}>
          {t("change_price")}
        </Button>
      ),
    },
  ];
}

function ListPanel({ storeId, list, onDone }: { storeId: string; list: PriceListReply; onDone: () => void }) {
  const [fault, setFault] = useState("");
  const latest = list.published[0];
  async function publish(): Promise<void> {
    if (!list.can_publish) return;
    setFault("");
    try {
      const done = await ask("POST /api/v1/stores/{store_id}/price-list/publish", { path: { store_id: storeId }, body: {} });
      tell(t("list_published", { version: done.version }));
      onDone();
    } catch (error) {
      setFault(faultText(error));
    }
  }
  return (
    <section class="panel" aria-label={t("price_list")}>
      <div class="panel-head">
        <div>
          <h2>{t("price_list")}</h2>
          <p class="hint">
            {t("list_of", { prices: list.num_prices, promotions: list.num_promotions })}
            {latest && ` · ${t("list_last", { version: latest.version, by: latest.by, ago: ago(latest.at) })}`}
          </p>
        </div>
        {may("prices.publish") && (
          <Button kind="main" blocked={!list.can_publish} onPress={() => void publish()}>
            {t("publish_list")}
          </Button>
        )}
      </div>
      {fault && <Banner tone="serious" title={fault} />}
      {list.problems.length > 0 && (
        <Banner title={t("list_problems")}>
          <ul>
            {list.problems.slice(0, 12).map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </Banner>
      )}
    </section>
  );
}
