// What a store sells cheaper for a while: so many for a price, or a share off; made and taken away.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { formatMoney } from "@tillsight/web-shared/money.ts";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask, type Reply } from "../api.ts";
import type { PromotionRequest, StoreReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { minorOf } from "../price_text.ts";
import { useResource } from "../resource.ts";
import { may } from "../session_state.ts";
import { nameOf } from "../sku_words.ts";
import { language, t } from "../texts.ts";
import { exactly } from "../times.ts";
import { Loaded } from "./page.tsx";
import { type Hours, HoursFields, hoursText } from "./promotion_hours.tsx";
import { SkuSearch } from "./sku_search.tsx";

type Promotion = Reply<"GET /api/v1/stores/{store_id}/promotions">[number];
const KINDS = ["multi_buy", "percent"] as const;

export function PromotionPanel({ store, onDone }: { store: StoreReply; onDone: () => void }) {
  const [isMaking, setMaking] = useState(false);
  const path = { store_id: store.store_id };
  const found = useResource(`promotions ${store.store_id}`, (stop) => ask("GET /api/v1/stores/{store_id}/promotions", { path }, stop));

  async function put(body: PromotionRequest): Promise<void> {
    await ask("POST /api/v1/stores/{store_id}/promotions", { path, body });
    found.reload();
    onDone();
  }
  async function drop(one: Promotion): Promise<void> {
    try {
      await ask("DELETE /api/v1/stores/{store_id}/promotions/{promotion_id}", { path: { ...path, promotion_id: one.promotion_id } });
      tell(t("promotion_dropped"), { label: t("undo"), run: () => void put(one) });
      found.reload();
      onDone();
    } catch (error) {
      tell(faultText(error));
    }
  }

  return (
    <section class="panel" aria-label={t("promotions")}>
      <div class="panel-head">
        <h2>{t("promotions")}</h2>
        {may("catalogue.change") && (
          <Button icon="add" onPress={() => setMaking(true)}>
            {t("new_promotion")}
          </Button>
        )}
      </div>
      <Loaded from={found}>
        {(rows) => (
          <ul class="list">
            {rows.map((one) => (
              <li key={one.promotion_id}>
                <span class="grow">
                  <a class="plain-link" href={`/catalogue/${encodeURIComponent(one.sku_id)}`}>
                    {one.sku_id}
                  </a>
                  <span class="hint block">{[promotionText(one, store), hoursText(one), spanText(one)].filter(Boolean).join(" · ")}</span>
                </span>
                {may("catalogue.change") && (
                  <Button icon="trash" label={`${t("take_away")}: ${one.promotion_id}`} onPress={() => void drop(one)}>
                    {t("take_away")}
                  </Button>
                )}
              </li>
            ))}
            {rows.length === 0 && <li class="hint">{t("no_promotions")}</li>}
          </ul>
        )}
      </Loaded>
      {isMaking && <PromotionSheet store={store} onClose={() => setMaking(false)} onMake={put} />}
    </section>
  );
}

function promotionText(one: Promotion, store: StoreReply): string {
  if (one.kind === "percent") return t("percent_off", { percent: one.percent ?? 0 });
  const amount = formatMoney(one.amount_minor ?? 0, store.currency, store.exponent, language.value);
  return t("so_many_for", { count: one.quantity ?? 0, amount });
}

function spanText({ valid_from: from, valid_until: until }: Promotion): string {
  return until ? t("from_until", { from: exactly(from), until: exactly(until) }) : t("from_on", { from: exactly(from) });
}

interface SheetProps {
  store: StoreReply;
  onClose: () => void;
  onMake: (body: PromotionRequest) => Promise<void>;
}

function PromotionSheet({ store, onClose, onMake }: SheetProps) {
  const [sku, setSku] = useState<{ id: string; name: string } | null>(null);
  const [kind, setKind] = useState<(typeof KINDS)[number]>("multi_buy");
  const [quantity, setQuantity] = useState("2");
  const [amount, setAmount] = useState("");
  const [percent, setPercent] = useState("10");
  const [until, setUntil] = useState("");
  const [hours, setHours] = useState<Hours>({});
  const [fault, setFault] = useState("");

  async function make(event: Event): Promise<void> {
    event.preventDefault();
    const minor = minorOf(amount, store.exponent);
    if (!sku || (kind === "multi_buy" && minor === null)) return setFault(t(sku ? "amount_wrong" : "promotion_sku_first"));
    const what = kind === "percent" ? { percent: Number(percent) } : { quantity: Number(quantity), amount_minor: minor ?? 0 };
    const from = new Date();
    try {
      await onMake({
        ...what, ...hours, kind, sku_id: sku.id, promotion_id: `${sku.id}-${from.getTime().toString(36)}`.slice(-64), valid_from: from.toISOString(),
        valid_until: until ? new Date(until).toISOString() : null,
      }); // prettier-ignore
      onClose();
    } catch (error) {
      setFault(faultText(error));
    }
  }

  if (!sku) {
    return (
      <Sheet title={t("promotion_of_what")} closeLabel={t("close")} onClose={onClose} size="large">
        <SkuSearch onPick={(found) => setSku({ id: found.sku_id, name: nameOf(found) })} />
      </Sheet>
    );
  }
  return (
    <Sheet title={sku.name} closeLabel={t("close")} onClose={onClose}>
      <form class="stack" onSubmit={make}>
        <Segmented label={t("promotion_kind")} value={kind} options={KINDS.map((value) => ({ value, label: t(`promotion_${value}`) }))} onChoose={(value) => setKind(value as typeof kind)} />
        <div class="pair">
          {kind === "multi_buy" ? (
            <>
              <TextField label={t("so_many")} type="number" value={quantity} onInput={setQuantity} />
              <TextField label={t("together_in", { currency: store.currency })} value={amount} onInput={setAmount} inputMode="decimal" autoFocus />
            </>
          ) : (
            <TextField label={t("percent")} type="number" value={percent} onInput={setPercent} autoFocus />
          )}
        </div>
        <TextField label={t("until_when")} type="datetime-local" value={until} onInput={setUntil} hint={t("until_ever")} />
        <HoursFields value={hours} onChange={setHours} />
        <p class="hint">{t("promotion_hint")}</p>
        {fault && <p class="fault" role="alert">{fault}</p>}
        <div class="row-end">
          <button type="submit" class="button button-main">
            {t("make_promotion")}
          </button>
        </div>
      </form>
    </Sheet>
  );
}
