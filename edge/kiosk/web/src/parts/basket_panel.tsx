// The list: what is charged, why, for how much, and the one large button that ends it.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { useEffect, useRef } from "preact/hooks";
import { nameOf, productOf } from "../catalogue.ts";
import { command } from "../live.ts";
import { ageLimit, basket, isAgeChecked, itemCount, openAsks, openSheet, showToast } from "../state.ts";
import { has, lessMoney, money, t, weight } from "../texts.ts";
import type { BasketLine, BasketSnapshot } from "../wire_types.ts";
import { ProductPicture } from "./product_picture.tsx";

export function BasketPanel() {
  const snapshot = basket.value;
  const lines = useRef<HTMLDivElement>(null);
  const newest = snapshot?.lines.at(-1)?.line_id;
  useEffect(() => lines.current?.scrollTo({ top: 0 }), [newest]);
  if (!snapshot) return null;
  const trays = [...new Set(snapshot.lines.map((line) => line.tray))].sort((a, b) => b - a);
  return (
    <section class="basket card" id="basket" aria-label={t("basket")} tabIndex={-1}>
      <header class="basket-head">
        <h1>{t("basket")}</h1>
        <p class="basket-count">{t("items", { count: itemCount.value })}</p>
      </header>
      <AgeNote />
      <div class="basket-lines" ref={lines}>
        {snapshot.lines.length === 0 && <EmptyBasket isBlind={snapshot.is_blind} />}
        {trays.map((tray) => (
          <TrayLines key={tray} tray={tray} snapshot={snapshot} isOnly={trays.length === 1 && snapshot.tray === 1} />
        ))}
      </div>
      <Totals snapshot={snapshot} />
    </section>
  );
}

function EmptyBasket({ isBlind }: { isBlind: boolean }) {
  return (
    <div class="basket-empty">
      <Icon name={isBlind ? "camera_off" : "basket"} size="3.2rem" />
      <h2>{isBlind ? t("blind_title") : t("basket_empty_title")}</h2>
      <p>{isBlind ? t("blind_empty_text") : t("basket_empty_text")}</p>
    </div>
  );
}

function TrayLines({ tray, snapshot, isOnly }: { tray: number; snapshot: BasketSnapshot; isOnly: boolean }) {
  const lines = snapshot.lines.filter((line) => line.tray === tray).reverse();
  return (
    <>
      {!isOnly && (
        <h2 class="tray-title">{tray === snapshot.tray ? t("tray_now") : t("tray_held", { tray })}</h2>
      )}
      <ul>
        {lines.map((line) => (
          <LineRow key={line.line_id} line={line} snapshot={snapshot} />
        ))}
      </ul>
    </>
  );
}

function LineRow({ line, snapshot }: { line: BasketLine; snapshot: BasketSnapshot }) {
  const name = nameOf(line.sku_id, line.name);
  const amount = money(line.amount_minor - line.discount_minor + line.deposit_minor, snapshot);
  return (
    <li class="line" data-sku={line.sku_id}>
      <button
        type="button"
        class="line-open"
        onClick={() => openSheet({ name: "line", lineId: line.line_id })}
      >
        <ProductPicture skuId={line.sku_id} picture={line.picture} name={name} />
        <span class="line-words">
          <span class="line-name">{name}</span>
          <span class="line-detail">{quantityOf(line, snapshot)}</span>
          <LineExtras line={line} snapshot={snapshot} />
          <Allergens skuId={line.sku_id} />
        </span>
        <span class="line-amount">{amount}</span>
        <span class="visually-hidden">{t("line_open")}</span>
      </button>
      <button
        type="button"
        class="button button-quiet button-round line-remove"
        aria-label={t("line_remove", { name })}
        onClick={() => void removeLine(line, name)}
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}

function Allergens({ skuId }: { skuId: string }) {
  const allergens = allergensOf(skuId);
  if (!allergens) return null;
  return (
    <span class="line-detail line-allergens">
      <Icon name="allergen" size="1.15em" />
      {t("allergens")} {allergens}
    </span>
  );
}

/** "milk, soy" in the shopper's language where the texts know the word; empty where there is none. */
export function allergensOf(skuId: string): string {
  const words = productOf(skuId)?.allergens ?? [];
  return words.map((word) => (has(`allergen_${word}`) ? t(`allergen_${word}`) : word)).join(", ");
}

export function LineExtras({ line, snapshot }: { line: BasketLine; snapshot: BasketSnapshot }) {
  return (
    <>
      {line.list_amount_minor > 0 && (
        <span class="line-saving">{t("price_was", { amount: money(line.list_amount_minor, snapshot) })}</span>
      )}
      {line.deposit_minor > 0 && (
        <span class="line-detail">{t("deposit_line", { amount: money(line.deposit_minor, snapshot) })}</span>
      )}
      {line.discount_minor > 0 && (
        <span class="line-saving">
          <bdi>{line.discount_name || t("savings")}</bdi> {lessMoney(line.discount_minor, snapshot)}
        </span>
      )}
      {line.age_limit > 0 && <span class="line-age">{t("age_note", { age: line.age_limit })}</span>}
    </>
  );
}

/** "2 × €1.20", "340 g × €2.99 per kg". */
export function quantityOf(line: BasketLine, snapshot: BasketSnapshot): string {
  const unit = money(line.unit_amount_minor, snapshot);
  if (line.weight_g > 0) return `${weight(line.weight_g)} × ${unit} ${t("per_kg")}`;
  return `${line.quantity} × ${unit}`;
}

export async function removeLine(line: BasketLine, name: string, quantity = 1): Promise<void> {
  if (await command({ type: "remove_line", line_id: line.line_id, quantity })) {
    showToast(t("line_removed", { name }));
  }
}

function Totals({ snapshot }: { snapshot: BasketSnapshot }) {
  const deposit = snapshot.lines.reduce((sum, line) => sum + line.deposit_minor, 0);
  const saved = snapshot.lines.reduce((sum, line) => sum + line.discount_minor, 0);
  return (
    <footer class="totals">
      <div class="totals-small">
        <Loyalty snapshot={snapshot} />
        <dl>
        {saved > 0 && <TotalRow name={t("savings")} amount={lessMoney(saved, snapshot)} kind="saving" />}
        {deposit > 0 && <TotalRow name={t("deposit")} amount={money(deposit, snapshot)} kind="" />}
        <TotalRow name={t("tax_included")} amount={money(snapshot.tax_minor, snapshot)} kind="" />
        </dl>
      </div>
      <dl>
        <TotalRow name={t("total")} amount={money(snapshot.total_minor, snapshot)} kind="total" />
      </dl>
      <PayButton snapshot={snapshot} />
    </footer>
  );
}

function Loyalty({ snapshot }: { snapshot: BasketSnapshot }) {
  const text = snapshot.loyalty ? t("loyalty_given", { digits: snapshot.loyalty }) : t("loyalty_add");
  const isPending = snapshot.loyalty !== "" && !snapshot.is_loyalty_known;
  return (
    <button type="button" class="loyalty" onClick={() => openSheet({ name: "loyalty" })}>
      <Icon name={snapshot.loyalty ? "check" : "card"} />
      <span>
        {text}
        {isPending && <small>{t("loyalty_later")}</small>}
      </span>
    </button>
  );
}

function TotalRow({ name, amount, kind }: { name: string; amount: string; kind: string }) {
  return (
    <div class={`total-row total-${kind}`}>
      <dt>{name}</dt>
      <dd>{amount}</dd>
    </div>
  );
}

function AgeNote() {
  const isDone = isAgeChecked.value;
  if (ageLimit.value === 0) return null;
  return (
    <p class={`age-note ${isDone ? "age-done" : ""}`}>
      <Icon name={isDone ? "check" : "person"} />
      <span>
        <strong>{isDone ? t("age_done") : t("age_title")}</strong>
        {!isDone && t("age_text", { age: ageLimit.value })}
      </span>
    </p>
  );
}

function PayButton({ snapshot }: { snapshot: BasketSnapshot }) {
  const obstacle = obstacleOf(snapshot);
  return (
    <Button
      kind="main"
      size="big"
      icon="card"
      class="pay"
      blocked={obstacle !== ""}
      onPress={() => void pay(obstacle)}
    >
      {obstacle || t("pay_amount", { amount: money(snapshot.total_minor, snapshot) })}
    </Button>
  );
}

/** Why the shopper cannot pay yet; empty when nothing stands in the way. */
function obstacleOf(snapshot: BasketSnapshot): string {
  if (openAsks.value.length > 0) return t("pay_after_questions", { count: openAsks.value.length });
  if (snapshot.lines.length === 0) return t("pay_empty");
  if (snapshot.is_blind && !snapshot.can_pay) return t("pay_blind");
  return snapshot.can_pay ? "" : t("pay_wait");
}

async function pay(obstacle: string): Promise<void> {
  if (obstacle) {
    document.querySelector<HTMLElement>(".ask .tile, .ask .button")?.focus();
    showToast(obstacle);
    return;
  }
  if (isAgeChecked.value) await command({ type: "finish" });
  else showToast(t("error_age.unchecked"));
}
