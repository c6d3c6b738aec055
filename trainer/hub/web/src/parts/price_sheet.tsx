// A new price of one product in one store: how much, from when, or "stopped" after a recall.

import { useState } from "preact/hooks";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { PriceReply, StoreReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { minorOf, shownAmount } from "../price_text.ts";
import { t } from "../texts.ts";

interface Props {
  store: StoreReply;
  price: PriceReply;
  onClose: () => void;
  onDone: () => void;
}

export function PriceSheet({ store, price, onClose, onDone }: Props) {
  const [amount, setAmount] = useState(shownAmount(price.amount_minor, store.exponent));
  const [from, setFrom] = useState("");
  const [isStopped, setStopped] = useState(price.is_stopped);
  const [fault, setFault] = useState("");
  const minor = minorOf(amount, store.exponent);

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    if (minor === null) return setFault(t("amount_wrong"));
    try {
      await ask("PUT /api/v1/stores/{store_id}/prices/{sku_id}", {
        path: { store_id: store.store_id, sku_id: price.sku_id },
        body: { amount_minor: minor, is_stopped: isStopped, valid_from: from ? new Date(from).toISOString() : null },
      });
      tell(t("saved"));
      onDone();
    } catch (error) {
      setFault(faultText(error));
    }
  }

  return (
    <Sheet title={price.name} closeLabel={t("close")} onClose={onClose}>
      <form class="stack" onSubmit={save}>
        <div class="pair">
          <TextField label={t("amount_in", { currency: store.currency })} value={amount} onInput={setAmount} inputMode="decimal" autoFocus fault={fault} />
          <TextField label={t("from_when")} type="datetime-local" value={from} onInput={setFrom} hint={t("from_now")} />
        </div>
        <label class="yes">
          <input type="checkbox" checked={isStopped} onChange={(event) => setStopped(event.currentTarget.checked)} />
          {t("stop_sale")}
        </label>
        <div class="row-end">
          <button type="submit" class="button button-main" aria-disabled={minor === null || undefined}>
            {t("save")}
          </button>
        </div>
      </form>
    </Sheet>
  );
}
