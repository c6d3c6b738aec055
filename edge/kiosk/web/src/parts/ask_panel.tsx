// One question at a time: the item as the camera sees it, at most four large pictures, and a way out.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { nameOf } from "../catalogue.ts";
import { command } from "../live.ts";
import { kindOf, optionsOf } from "../questions.ts";
import { basket, isAttendant, openAsks, openSheet, showToast } from "../state.ts";
import { money, t } from "../texts.ts";
import type { Ask, Option } from "../wire_types.ts";
import { ProductPicture } from "./product_picture.tsx";
import { SeenPicture } from "./seen_picture.tsx";

export function AskPanel() {
  const asks = openAsks.value;
  const ask = asks[0];
  if (!ask) return null;
  const kind = kindOf(ask);
  return (
    <section key={ask.ask_id} class="ask card" aria-labelledby="ask-title" data-kind={ask.kind}>
      <figure class="ask-crop">
        <SeenPicture itemId={ask.item_id} />
      </figure>
      <div class="ask-words">
        {asks.length > 1 && <p class="eyebrow">{t("ask_progress", { number: 1, count: asks.length })}</p>}
        <h2 id="ask-title">{t(`ask_${kind}`)}</h2>
        <p>{t(`ask_${kind}_text`)}</p>
      </div>
      {kind !== "weigh" && ask.options.length > 0 && <Options ask={ask} />}
      <div class="ask-ways">
        {kind === "weigh" ? <WeighWays ask={ask} /> : <FindWays ask={ask} isMain={kind === "unknown"} />}
        <Button icon="close" kind="quiet" onPress={() => void answer(ask, "")}>
          {t("ask_none")}
        </Button>
      </div>
    </section>
  );
}

function Options({ ask }: { ask: Ask }) {
  const options = optionsOf(ask);
  return (
    <ul class={`ask-options ask-options-${options.length}`}>
      {options.map((option) => (
        <li key={option.sku_id}>
          <OptionTile option={option} onPick={() => void answer(ask, option.sku_id)} />
        </li>
      ))}
    </ul>
  );
}

function FindWays({ ask, isMain }: { ask: Ask; isMain: boolean }) {
  const search = () => openSheet({ name: "search", purpose: "answer", askId: ask.ask_id });
  return (
    <>
      <Button icon="search" kind={isMain ? "main" : "plain"} onPress={search}>
        {isMain ? t("ask_search") : t("ask_other")}
      </Button>
      {isMain && (
        <p class="ask-scan">
          <Icon name="barcode" />
          {t("ask_scan")}
        </p>
      )}
    </>
  );
}

function WeighWays({ ask }: { ask: Ask }) {
  const skuId = ask.options[0]?.sku_id ?? "";
  return isAttendant.value ? (
    <Button icon="scale" kind="main" onPress={() => openSheet({ name: "weight", skuId })}>
      {t("weight_enter")}
    </Button>
  ) : (
    <Button icon="person" onPress={() => void callFor("weigh")}>
      {t("help_call")}
    </Button>
  );
}

function OptionTile({ option, onPick }: { option: Option; onPick: () => void }) {
  const snapshot = basket.value;
  const name = nameOf(option.sku_id, option.name);
  return (
    <button type="button" class="tile" onClick={onPick}>
      <ProductPicture skuId={option.sku_id} picture={option.picture} name={name} />
      <span class="tile-name">{name}</span>
      {snapshot && <span class="tile-price">{money(option.unit_amount_minor, snapshot)}</span>}
    </button>
  );
}

function answer(ask: Ask, skuId: string): Promise<boolean> {
  return command({ type: "answer_ask", ask_id: ask.ask_id, sku_id: skuId });
}

async function callFor(reason: string): Promise<void> {
  if (await command({ type: "call_help", reason })) showToast(t("help_called"));
}
