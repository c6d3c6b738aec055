// Thank you, the receipt on screen, on paper and as a file, and then the next shopper.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { numberLocale } from "@tillsight/web-shared/translator.ts";
import { useEffect, useState } from "preact/hooks";
import { nameOf } from "../catalogue.ts";
import { forgetPreferences, preferences } from "../preferences.ts";
import { say } from "../speech.ts";
import { basket, dismissedBasket, hello, screen } from "../state.ts";
import { language, lessMoney, money, t, weight } from "../texts.ts";
import type { BasketSnapshot, Receipt, ReceiptLine } from "../wire_types.ts";

const RETRY_MS = 1_500;

export function PaidScreen() {
  const snapshot = basket.value;
  const basketId = snapshot?.basket_id ?? "";
  const receipt = useReceipt(basketId);
  const left = useCountdown(basketId);
  if (!snapshot) return null;
  const text = t("paid_text", { amount: money(snapshot.total_minor, snapshot) });
  return (
    <section class="paid" aria-labelledby="paid-title">
      <div class="paid-words">
        <span class="paid-icon">
          <Icon name="check" size="4rem" />
        </span>
        <h1 id="paid-title">{t("paid_title")}</h1>
        <p class="paid-text">{text}</p>
        <div class="paid-actions">
          <Button icon="print" onPress={() => window.print()}>
            {t("receipt_print")}
          </Button>
          <a class="button" href={`/api/receipts/${encodeURIComponent(basketId)}`} download>
            <Icon name="download" />
            <span>{t("receipt_save")}</span>
          </a>
        </div>
        <Button kind="main" size="big" onPress={() => dismiss(basketId)}>
          {t("receipt_done")}
        </Button>
        <p class="eyebrow">{t("receipt_next", { count: left })}</p>
      </div>
      <ReceiptSlip receipt={receipt} snapshot={snapshot} />
    </section>
  );
}

function ReceiptSlip({ receipt, snapshot }: { receipt: Receipt | undefined; snapshot: BasketSnapshot }) {
  const lines: readonly ReceiptLine[] = receipt?.lines ?? snapshot.lines;
  const issued = receipt ? new Date(receipt.issued_at) : undefined;
  return (
    <article class="slip" aria-label={t("receipt")}>
      <header>
        {snapshot.is_practice && <p class="slip-practice">{t("practice_receipt")}</p>}
        <h2>{hello.value?.store}</h2>
        {issued && <p>{issued.toLocaleString(numberLocale(language.value), { dateStyle: "medium", timeStyle: "short" })}</p>}
        <p class="slip-number">{t("receipt_number", { number: snapshot.basket_id })}</p>
      </header>
      <ul class="slip-lines" tabIndex={0} aria-label={t("receipt")}>
        {lines.map((line, index) => (
          <SlipLine key={index} line={line} snapshot={snapshot} />
        ))}
      </ul>
      <dl>
        <div class="slip-total">
          <dt>{t("total")}</dt>
          <dd>{money(snapshot.total_minor, snapshot)}</dd>
        </div>
        <div>
          <dt>{t("tax_included")}</dt>
          <dd>{money(snapshot.tax_minor, snapshot)}</dd>
        </div>
        {snapshot.loyalty && (
          <div>
            <dt>{t("loyalty")}</dt>
            <dd>{t("loyalty_digits", { digits: snapshot.loyalty })}</dd>
          </div>
        )}
      </dl>
    </article>
  );
}

function SlipLine({ line, snapshot }: { line: ReceiptLine; snapshot: BasketSnapshot }) {
  const unit = money(line.unit_amount_minor, snapshot);
  const amount = line.weight_g > 0 ? `${weight(line.weight_g)} × ${unit}` : `${line.quantity} × ${unit}`;
  return (
    <li>
      <span>{nameOf(line.sku_id, line.name)}</span>
      <span>{money(line.amount_minor, snapshot)}</span>
      <small>{amount}</small>
      {line.list_amount_minor > 0 && <small>{t("price_was", { amount: money(line.list_amount_minor, snapshot) })}</small>}
      {line.deposit_minor > 0 && (
        <small class="slip-extra">
          <span>{t("deposit")}</span>
          <span>{money(line.deposit_minor, snapshot)}</span>
        </small>
      )}
      {line.discount_minor > 0 && (
        <small class="slip-extra">
          <bdi>{line.discount_name || t("savings")}</bdi>
          <span>{lessMoney(line.discount_minor, snapshot)}</span>
        </small>
      )}
    </li>
  );
}

/** The server's receipt; the basket itself fills in until it has come. */
function useReceipt(basketId: string): Receipt | undefined {
  const [receipt, setReceipt] = useState<Receipt | undefined>(undefined);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const load = async () => {
      try {
        const answer = await fetch(`/api/receipts/${encodeURIComponent(basketId)}`);
        if (answer.ok && !isGone) setReceipt((await answer.json()) as Receipt);
        if (answer.ok || isGone) return;
      } catch {
        // not connected at the moment; asked again below
      }
      timer = setTimeout(() => void load(), RETRY_MS);
    };
    void load();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [basketId]);
  return receipt;
}

function useCountdown(basketId: string): number {
  const whole = (hello.value?.receipt_s ?? 45) * (preferences.value.hasMoreTime ? 3 : 1);
  const [left, setLeft] = useState(whole);
  useEffect(() => {
    say(t("paid_title"));
    setLeft(whole);
    const timer = setInterval(() => setLeft((now) => now - 1), 1_000);
    return () => clearInterval(timer);
  }, [basketId]);
  useEffect(() => {
    if (left <= 0) dismiss(basketId);
  }, [left]);
  return Math.max(0, left);
}

function dismiss(basketId: string): void {
  dismissedBasket.value = basketId;
  if (screen.value !== "left_behind") forgetPreferences(); // else once the goods are taken
}
