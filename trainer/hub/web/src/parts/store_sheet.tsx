// A store made, changed, or made like another one: name, place in time, currency, taxes, channel.

import { useState } from "preact/hooks";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { StoreReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { t } from "../texts.ts";

interface Props {
  /** The store that is changed; with `isClone`, the one that the new store is made like. */
  store?: StoreReply;
  isClone?: boolean;
  onClose: () => void;
  onDone: (store: StoreReply) => void;
}

const HUNDREDTHS = 100; // tax rates are in hundredths of a percent

export function StoreSheet({ store, isClone = false, onClose, onDone }: Props) {
  const isNew = !store || isClone;
  const [id, setId] = useState("");
  const [name, setName] = useState(isClone ? "" : (store?.name ?? ""));
  const [zone, setZone] = useState(store?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [currency, setCurrency] = useState(store?.currency ?? "EUR");
  const [taxes, setTaxes] = useState(taxText(store?.tax_rates ?? { standard: 1900 }));
  const [hasPrices, setHasPrices] = useState(true);
  const [fault, setFault] = useState("");
  const rates = taxRates(taxes);
  const isWhole = name.trim() !== "" && (!isNew || id.trim() !== "") && rates !== null;

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    if (!isWhole || !rates) return;
    const facts = { name: name.trim(), time_zone: zone.trim(), currency: currency.trim().toUpperCase(), tax_rates: rates };
    try {
      const done = !store
        ? await ask("POST /api/v1/stores", { body: { ...facts, store_id: id.trim() } })
        : isClone
          ? await ask("POST /api/v1/stores/{store_id}/clone", { path: { store_id: store.store_id }, body: { store_id: id.trim(), name: name.trim(), with_prices: hasPrices } })
          : await ask("PATCH /api/v1/stores/{store_id}", { path: { store_id: store.store_id }, body: facts });
      tell(t("saved"));
      onDone(done);
    } catch (error) {
      setFault(faultText(error));
    }
  }

  return (
    <Sheet title={t(isClone ? "clone_store" : store ? "edit_store" : "new_store")} closeLabel={t("close")} onClose={onClose}>
      <form class="stack" onSubmit={save}>
        <TextField label={t("name")} value={name} onInput={setName} autoFocus />
        {isNew && <TextField label={t("store_id")} value={id} onInput={setId} hint={t("store_id_hint")} />}
        {!isClone && (
          <>
            <div class="pair">
              <TextField label={t("time_zone")} value={zone} onInput={setZone} />
              <TextField label={t("currency")} value={currency} onInput={setCurrency} hint={t("currency_hint")} />
            </div>
            <TextField label={t("tax_rates")} value={taxes} onInput={setTaxes} hint={t("tax_rates_hint")} fault={rates ? "" : t("tax_rates_wrong")} />
          </>
        )}
        {isClone && (
          <label class="yes">
            <input type="checkbox" checked={hasPrices} onChange={(event) => setHasPrices(event.currentTarget.checked)} />
            {t("clone_prices")}
          </label>
        )}
        {fault && <p class="fault" role="alert">{fault}</p>}
        <div class="row-end">
          <button type="submit" class="button button-main" aria-disabled={!isWhole || undefined}>
            {t(isNew ? "make_store" : "save")}
          </button>
        </div>
      </form>
    </Sheet>
  );
}

/** "standard 19, reduced 7": percent as people say it. */
function taxText(rates: Readonly<Record<string, number>>): string {
  return Object.entries(rates).map(([name, rate]) => `${name} ${rate / HUNDREDTHS}`).join(", ");
}

function taxRates(text: string): Record<string, number> | null {
  const rates: Record<string, number> = {};
  for (const part of text.split(",").map((one) => one.trim()).filter(Boolean)) {
    const match = /^(\S+)\s+(\d{1,2})(?:\.(\d{1,2}))?\s*%?$/.exec(part);
    if (!match?.[1]) return null;
    rates[match[1]] = Number(match[2]) * HUNDREDTHS + Number((match[3] ?? "").padEnd(2, "0"));
  }
  return rates;
}
