// Every store: what it sells by, where its boxes get their bundles, how old its price list is; new ones.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import type { Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import type { StoreReply } from "../api_types.ts";
import { LocalTable } from "../parts/local_table.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { StoreSheet } from "../parts/store_sheet.tsx";
import { useResource } from "../resource.ts";
import { go } from "../router.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";

const COLUMNS: readonly Column<StoreReply>[] = [
  { key: "name", title: t("store"), isMain: true, cell: (store) => store.name },
  { key: "id", title: t("store_id"), cell: (store) => store.store_id },
  { key: "channel", title: t("channel"), cell: (store) => store.channel },
  { key: "currency", title: t("currency"), cell: (store) => store.currency },
  { key: "boxes", title: t("boxes"), isNumber: true, cell: (store) => store.num_boxes },
  { key: "prices", title: t("prices"), isNumber: true, cell: (store) => store.num_prices },
  { key: "list", title: t("price_list"), isNumber: true, cell: (store) => store.price_list_version || t("not_yet") },
];

const VALUES = {
  name: (store: StoreReply) => store.name,
  id: (store: StoreReply) => store.store_id,
  boxes: (store: StoreReply) => store.num_boxes,
  prices: (store: StoreReply) => store.num_prices,
  list: (store: StoreReply) => store.price_list_version,
};

export function StoresPage() {
  const [isMaking, setMaking] = useState(false);
  const stores = useResource("stores", (stop) => ask("GET /api/v1/stores", {}, stop));
  return (
    <Page
      title={t("nav_stores")}
      note={t("stores_note")}
      actions={
        may("catalogue.change") && (
          <Button kind="main" icon="add" onPress={() => setMaking(true)}>
            {t("new_store")}
          </Button>
        )
      }
    >
      <Loaded from={stores}>
        {(found) =>
          found.length ? (
            <LocalTable
              label={t("nav_stores")}
              columns={COLUMNS}
              values={VALUES}
              sort="name"
              words={(store) => `${store.name} ${store.store_id} ${store.channel} ${store.boxes.join(" ")}`}
              searchLabel={t("search_stores")}
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
      {isMaking && <StoreSheet onClose={() => setMaking(false)} onDone={(made) => go(`/stores/${encodeURIComponent(made.store_id)}`)} />}
    </Page>
  );
}
