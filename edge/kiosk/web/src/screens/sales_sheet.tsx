// Earlier sales of this counter and the way back for their money, piece by piece.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { numberLocale } from "@tillsight/web-shared/translator.ts";
import { useEffect, useState } from "preact/hooks";
import { nameOf } from "../catalogue.ts";
import { command, tell } from "../live.ts";
import { hello, openSheet, sales, showToast } from "../state.ts";
import { has, language, money, t, weight } from "../texts.ts";
import type { PastLine, PastSale } from "../wire_types.ts";

const REASONS = ["damaged", "wrong_item", "changed_mind"] as const;
const KINDS = ["card", "cash", "voucher"] as const;

export function SalesSheet() {
  const [chosen, setChosen] = useState("");
  const look = (basketId = "") => {
    sales.value = undefined;
    tell(basketId ? { type: "ask_sales", basket_id: basketId } : { type: "ask_sales", lane_id: hello.value?.lane_id ?? "" });
  };
  useEffect(() => look(), []);
  const sale = sales.value?.find((other) => other.basket_id === chosen);
  const back = () => (sale ? setChosen("") : openSheet({ name: "staff" }));
  return (
    <Sheet title={sale ? t("refund_title") : t("sales_title")} closeLabel={t("close")} onClose={back} size="large">
      {sale ? <Refund sale={sale} onDone={() => (setChosen(""), look())} /> : <SaleList onChoose={setChosen} onLook={look} />}
    </Sheet>
  );
}

function SaleList({ onChoose, onLook }: { onChoose: (id: string) => void; onLook: (id?: string) => void }) {
  const [number, setNumber] = useState("");
  const found = sales.value;
  return (
    <>
      <form
        class="search-field"
        onSubmit={(event) => {
          event.preventDefault();
          onLook(number);
        }}
      >
        <Icon name="search" />
        <input
          class="field"
          dir="ltr"
          value={number}
          autocomplete="off"
          placeholder={t("sales_number")}
          aria-label={t("sales_number")}
          onInput={(event) => setNumber(event.currentTarget.value)}
        />
      </form>
      {found?.length === 0 && <p class="sheet-lead">{t("sales_none")}</p>}
      <ul class="sale-list">
        {(found ?? []).map((sale) => (
          <li key={sale.basket_id}>
            <button type="button" class="sale-row" onClick={() => onChoose(sale.basket_id)}>
              <span>
                <strong>{timeOf(sale)}</strong>
                <small>{sale.lines.map((line) => nameOf(line.sku_id, line.name)).join(", ")}</small>
                <small class="sale-number" dir="ltr">
                  {sale.basket_id}
                </small>
              </span>
              <span class="sale-total">
                {money(sale.total_minor, sale)}
                {sale.refunded_minor > 0 && <small>{t("refund_back", { amount: money(sale.refunded_minor, sale) })}</small>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Refund({ sale, onDone }: { sale: PastSale; onDone: () => void }) {
  const [pieces, setPieces] = useState<Readonly<Record<string, number>>>({});
  const [reason, setReason] = useState("");
  const [kind, setKind] = useState<string>(sale.kind);
  const amount = sale.lines.reduce((sum, line) => sum + backOf(line, pieces[line.line_id] ?? 0), 0);
  const refund = async () => {
    if (!amount || !reason || !kind) return showToast(t(amount ? "refund_why" : "refund_choose"));
    const chosen = Object.entries(pieces).filter(([, quantity]) => quantity > 0);
    const body = {
      type: "refund",
      basket_id: sale.basket_id,
      pieces: chosen.map(([line_id, quantity]) => ({ line_id, quantity })),
      reason,
      kind,
    } as const;
    if (!(await command(body, sale.lane_id))) return;
    showToast(t("refund_done", { amount: money(amount, sale) }));
    onDone();
  };
  return (
    <>
      <p class="sheet-lead">
        {timeOf(sale)} · {money(sale.total_minor, sale)}
        {sale.kind && has(`paid_by_${sale.kind}`) && ` · ${t(`paid_by_${sale.kind}`)}`}
      </p>
      <ul class="refund-lines">
        {sale.lines.map((line) => (
          <RefundLine
            key={line.line_id}
            line={line}
            sale={sale}
            quantity={pieces[line.line_id] ?? 0}
            onChange={(quantity) => setPieces({ ...pieces, [line.line_id]: quantity })}
          />
        ))}
      </ul>
      <Choice title={t("refund_why")} prefix="refund_reason" codes={REASONS} chosen={reason} onChoose={setReason} />
      <Choice title={t("refund_how")} prefix="paid_by" codes={KINDS} chosen={kind} onChoose={setKind} />
      <div class="sheet-foot">
        <Button kind="main" size="big" icon="undo" blocked={!amount || !reason || !kind} onPress={() => void refund()}>
          {t("refund_give", { amount: money(amount, sale) })}
        </Button>
      </div>
    </>
  );
}

interface RefundLineProps {
  line: PastLine;
  sale: PastSale;
  quantity: number;
  onChange: (quantity: number) => void;
}

function RefundLine({ line, sale, quantity, onChange }: RefundLineProps) {
  const name = nameOf(line.sku_id, line.name);
  const left = line.quantity - line.refunded;
  return (
    <li class="refund-line" data-line={line.line_id}>
      <span>
        <strong>{name}</strong>
        <small>
          {line.weight_g > 0 ? weight(line.weight_g) : t("refund_of", { count: line.quantity })} · {money(line.amount_minor, sale)}
          {line.refunded > 0 && ` · ${t("refund_already", { count: line.refunded })}`}
        </small>
      </span>
      <span class="stepper">
        <button type="button" class="button button-round" disabled={quantity === 0} aria-label={t("refund_less", { name })} onClick={() => onChange(quantity - 1)}>
          <Icon name="minus" />
        </button>
        <output>{quantity}</output>
        <button type="button" class="button button-round" disabled={quantity >= left} aria-label={t("refund_more", { name })} onClick={() => onChange(quantity + 1)}>
          <Icon name="add" />
        </button>
      </span>
    </li>
  );
}

interface ChoiceProps {
  title: string;
  prefix: string;
  codes: readonly string[];
  chosen: string;
  onChoose: (code: string) => void;
}

function Choice({ title, prefix, codes, chosen, onChoose }: ChoiceProps) {
  return (
    <fieldset class="choices">
      <legend>{title}</legend>
      <div>
        {codes.map((code) => (
          <Button key={code} pressed={chosen === code} onPress={() => onChoose(code)}>
            {t(`${prefix}_${code}`)}
          </Button>
        ))}
      </div>
    </fieldset>
  );
}

/** The same arithmetic as edge/basket/past_sales.py: parts of a line add up to what was paid. */
function backOf(line: PastLine, quantity: number): number {
  const upTo = (count: number) => Math.floor((line.amount_minor * count) / line.quantity);
  return upTo(line.refunded + quantity) - upTo(line.refunded);
}

function timeOf(sale: PastSale): string {
  return new Date(sale.paid_utc).toLocaleString(numberLocale(language.value), { dateStyle: "short", timeStyle: "short" });
}
