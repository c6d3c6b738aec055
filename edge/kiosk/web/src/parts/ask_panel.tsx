// One question at a time: the item as the camera sees it, at most four large pictures, and a way out.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { nameOf } from "../catalogue.ts";
import { cropOf } from "../frames.ts";
import { command } from "../live.ts";
import { basket, openAsks, openSheet } from "../state.ts";
import { money, t } from "../texts.ts";
import type { Ask, Option } from "../wire_types.ts";
import { ProductPicture } from "./product_picture.tsx";

const MAX_OPTIONS = 4;

export function AskPanel() {
  const asks = openAsks.value;
  const ask = asks[0];
  if (!ask) return null;
  const isWhich = ask.kind === "which" && ask.options.length > 0;
  const isWeigh = ask.kind === "weigh";
  const title = isWhich ? t("ask_which") : isWeigh ? t("ask_weigh") : t("ask_unknown");
  const text = isWhich ? t("ask_which_text") : isWeigh ? t("ask_weigh_text") : t("ask_unknown_text");
  return (
    <section key={ask.ask_id} class="ask card" aria-labelledby="ask-title" data-kind={ask.kind}>
      <ItemCrop itemId={ask.item_id} />
      <div class="ask-words">
        {asks.length > 1 && <p class="eyebrow">{t("ask_progress", { number: 1, count: asks.length })}</p>}
        <h2 id="ask-title">{title}</h2>
        <p>{text}</p>
      </div>
      {isWhich && (
        <ul class={`ask-options ask-options-${Math.min(ask.options.length, MAX_OPTIONS)}`}>
          {ask.options.slice(0, MAX_OPTIONS).map((option) => (
            <li key={option.sku_id}>
              <OptionTile option={option} onPick={() => void answer(ask, option.sku_id)} />
            </li>
          ))}
        </ul>
      )}
      <div class="ask-ways">
        <Button icon="search" kind={isWhich ? "plain" : "main"} onPress={() => searchFor(ask)}>
          {isWhich ? t("ask_other") : t("ask_search")}
        </Button>
        {!isWhich && !isWeigh && (
          <p class="ask-scan">
            <Icon name="barcode" />
            {t("ask_scan")}
          </p>
        )}
        <Button icon="trash" kind="quiet" onPress={() => void answer(ask, "")}>
          {t("ask_none")}
        </Button>
      </div>
    </section>
  );
}

function OptionTile({ option, onPick }: { option: Option; onPick: () => void }) {
  const snapshot = basket.value;
  const name = nameOf(option.sku_id, option.name);
  return (
    <button type="button" class="tile" onClick={onPick}>
      <ProductPicture skuId={option.sku_id} picture={option.picture} name={name} />
      <bdi class="tile-name">{name}</bdi>
      {snapshot && <span class="tile-price">{money(option.unit_amount_minor, snapshot)}</span>}
    </button>
  );
}

function ItemCrop({ itemId }: { itemId: string }) {
  const crop = cropOf(itemId);
  return (
    <figure class="ask-crop">
      {crop ? <img src={crop} alt={t("ask_picture")} /> : <Icon name="question" size="45%" />}
    </figure>
  );
}

function answer(ask: Ask, skuId: string): Promise<boolean> {
  return command({ type: "answer_ask", ask_id: ask.ask_id, sku_id: skuId });
}

function searchFor(ask: Ask): void {
  openSheet({ name: "search", purpose: "answer", askId: ask.ask_id });
}
