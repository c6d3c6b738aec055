// Every store: how many boxes, how many prices, which price list is out.

import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import type { StoreReply } from "../api_types.ts";
import { Loaded, Page } from "../parts/page.tsx";
import { useResource } from "../resource.ts";
import { t } from "../texts.ts";

const COLUMNS: readonly Column<StoreReply>[] = [
  { key: "name", title: t("store"), isMain: true, cell: (store) => store.name },
  { key: "id", title: t("sku_sku_id"), cell: (store) => store.store_id },
  { key: "channel", title: t("channel"), cell: (store) => store.channel },
  { key: "currency", title: t("currency"), cell: (store) => store.currency },
  { key: "boxes", title: t("boxes"), isNumber: true, cell: (store) => store.num_boxes },
  { key: "prices", title: t("prices"), isNumber: true, cell: (store) => store.num_prices },
  { key: "list", title: t("price_list"), isNumber: true, cell: (store) => store.price_list_version || "" },
];

export function StoresPage() {
  const stores = useResource("stores", (stop) => ask("GET /api/v1/stores", {}, stop));
  return (
    <Page title={t("nav_stores")} note={t("stores_note")}>
      <Loaded from={stores}>
        {(found) =>
          found.length ? (
            <DataTable
              label={t("nav_stores")}
              columns={COLUMNS}
              rows={found}
              rowKey={(store) => store.store_id}
              href={(store) => `/stores/${encodeURIComponent(store.store_id)}`}
            />
          ) : (
            <EmptyState icon="store" title={t("no_store_yet")}>
              <p>{t("no_stores")}</p>
            </EmptyState>
          )
        }
      </Loaded>
    </Page>
  );
}
