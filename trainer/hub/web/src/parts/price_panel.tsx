// What each store charges for a product; a price is set or changed here, store by store.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { ask } from "../api.ts";
import type { SkuDetail, StorePrice, StoreReply } from "../api_types.ts";
import { useResource } from "../resource.ts";
import { may } from "../session_state.ts";
import { nameOf, priceText } from "../sku_words.ts";
import { t } from "../texts.ts";
import { PriceSheet } from "./price_sheet.tsx";

export function PricePanel({ sku, onDone }: { sku: SkuDetail; onDone: () => void }) {
  const [open, setOpen] = useState<StoreReply | null>(null);
  const canChange = may("catalogue.change");
  const stores = useResource("stores of prices", (stop) => ask("GET /api/v1/stores", {}, stop));
  const prices = sku.prices ?? [];
  const priceIn = (storeId: string) => prices.find((price) => price.store_id === storeId);
  const shown = (stores.value ?? []).filter((store) => canChange || priceIn(store.store_id));
  return (
    <section class="panel" aria-label={t("prices")}>
      <div class="panel-head">
        <h2>{t("prices")}</h2>
      </div>
      {shown.length === 0 && <p class="hint">{t("no_prices")}</p>}
      <ul class="list price-list">
        {shown.map((store) => (
          <li key={store.store_id}>
            <Icon name="store" />
            <a class="grow plain-link" href={`/stores/${encodeURIComponent(store.store_id)}`}>
              {store.name}
            </a>
            <Amount of={priceIn(store.store_id)} />
            {canChange && (
              <Button class="button-small" label={`${t(priceIn(store.store_id) ? "change_price" : "set_price")}: ${store.name}`} onPress={() => setOpen(store)}>
                {t(priceIn(store.store_id) ? "change_price" : "set_price")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {prices.length > 0 && canChange && <p class="hint">{t("price_goes_out")}</p>}
      {open && (
        <PriceSheet
          store={open}
          price={{
            sku_id: sku.sku_id,
            name: `${nameOf(sku)}, ${open.name}`,
            amount_minor: priceIn(open.store_id)?.amount_minor ?? null,
            is_stopped: priceIn(open.store_id)?.is_stopped ?? false,
            valid_from: null,
            valid_until: null,
            coming: null,
          }}
          onClose={() => setOpen(null)}
          onDone={() => {
            setOpen(null);
            onDone();
          }}
        />
      )}
    </section>
  );
}

function Amount({ of }: { of: StorePrice | undefined }) {
  if (!of) return <span class="hint">{t("not_yet")}</span>;
  return (
    <>
      <strong>{priceText(of)}</strong>
      {of.is_stopped && <Badge tone="bad">{t("stopped")}</Badge>}
    </>
  );
}
