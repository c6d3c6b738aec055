// The screen of a sale: the live counter, at most one question, the list, and what else one can do.

import { Icon } from "@tillsight/web-shared/icon.tsx";
import { command } from "../live.ts";
import { AskPanel } from "../parts/ask_panel.tsx";
import { BasketPanel } from "../parts/basket_panel.tsx";
import { CameraChoice, CounterView } from "../parts/counter_view.tsx";
import { basket, declinedBasket, openAsks, openSheet, showToast } from "../state.ts";
import { t } from "../texts.ts";
import type { BasketSnapshot } from "../wire_types.ts";

export function ShoppingScreen() {
  const hasAsk = openAsks.value.length > 0;
  return (
    <div class={`shopping ${hasAsk ? "shopping-asking" : ""}`}>
      <div class="shopping-counter">
        <CounterView />
        {hasAsk ? <AskPanel /> : <HintRow />}
        {!hasAsk && <Actions />}
      </div>
      <BasketPanel />
    </div>
  );
}

function HintRow() {
  if (!basket.value || basket.value.is_blind) return null;
  return (
    <div class="hint-row">
      <CurrentHint snapshot={basket.value} />
      <CameraChoice />
    </div>
  );
}

function CurrentHint({ snapshot }: { snapshot: BasketSnapshot }) {
  if (snapshot.basket_id && declinedBasket.value === snapshot.basket_id) {
    return <Hint icon="card" title={t("pay_declined_title")} text={t("pay_declined_text")} />;
  }
  const checking = snapshot.items.filter((item) => item.state === "checking").length;
  const charged = snapshot.items.filter((item) => item.state === "charged").length;
  if (checking > 0) return <Hint icon="eye" title={t("hint_checking", { count: checking })} text={t("hint_hold")} />;
  if (charged > 0) return <Hint icon="check" title={t("hint_all_seen")} text={t("hint_all_seen_text")} />;
  return <Hint icon="basket" title={t("hint_put_down")} text="" />;
}

function Hint({ icon, title, text }: { icon: "eye" | "check" | "basket" | "card"; title: string; text: string }) {
  return (
    <div class={`hint hint-${icon}`} role="status">
      <span class="hint-icon">
        <Icon name={icon} size="1.7em" />
      </span>
      <p>
        <strong>{title}</strong>
        {text}
      </p>
    </div>
  );
}

function Actions() {
  const hasLines = (basket.value?.lines.length ?? 0) > 0;
  return (
    <div class="actions">
      <button type="button" class="action" onClick={() => openSheet({ name: "search", purpose: "add" })}>
        <Icon name="search" size="1.9em" />
        <span>
          <strong>{t("search")}</strong>
          <small>{t("search_placeholder")}</small>
        </span>
      </button>
      <button type="button" class="action" aria-disabled={!hasLines || undefined} onClick={() => void addMore(hasLines)}>
        <Icon name="tray" size="1.9em" />
        <span>
          <strong>{t("add_more")}</strong>
          <small>{t("add_more_hint")}</small>
        </span>
      </button>
    </div>
  );
}

async function addMore(hasLines: boolean): Promise<void> {
  if (!hasLines) showToast(t("pay_empty"));
  else if (await command({ type: "add_more" })) showToast(t("add_more_done"));
}
