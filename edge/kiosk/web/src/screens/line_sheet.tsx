// "Why is this on my list?": what the camera saw beside the catalogue picture, and how to put it right.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { nameOf, productOf } from "../catalogue.ts";
import { command } from "../live.ts";
import { allergensOf, LineExtras, quantityOf, removeLine } from "../parts/basket_panel.tsx";
import { SeenPicture } from "../parts/seen_picture.tsx";
import { ProductPicture } from "../parts/product_picture.tsx";
import { basket, closeSheet, isAttendant, openSheet } from "../state.ts";
import { money, t } from "../texts.ts";
import type { BasketLine, BasketSnapshot } from "../wire_types.ts";

export function LineSheet({ lineId }: { lineId: string }) {
  const snapshot = basket.value;
  const line = snapshot?.lines.find((other) => other.line_id === lineId);
  if (!snapshot || !line) {
    queueMicrotask(closeSheet);
    return null;
  }
  const name = nameOf(line.sku_id, line.name);
  return (
    <Sheet title={name} closeLabel={t("close")} onClose={closeSheet} size="large" class="about">
      <p class="sheet-lead">
        {quantityOf(line, snapshot)} <strong>{money(line.amount_minor, snapshot)}</strong>
      </p>
      <section class="why">
        <h3>{t("why")}</h3>
        <p>{t(`why_${line.origin}`)}</p>
        <Evidence line={line} name={name} />
      </section>
      <div class="about-more">
        <Facts line={line} snapshot={snapshot} />
        <Twins line={line} snapshot={snapshot} />
        <LineActions line={line} name={name} />
      </div>
    </Sheet>
  );
}

function Evidence({ line, name }: { line: BasketLine; name: string }) {
  return (
    <div class="evidence">
      {line.item_ids.length > 0 && (
        <figure>
          <SeenPicture itemId={line.item_ids[0] ?? ""}>{t("why_no_crop")}</SeenPicture>
          <figcaption>{t("why_counter")}</figcaption>
        </figure>
      )}
      <figure>
        <ProductPicture skuId={line.sku_id} picture={line.picture} name={name} />
        <figcaption>{t("why_catalogue")}</figcaption>
      </figure>
    </div>
  );
}

function Facts({ line, snapshot }: { line: BasketLine; snapshot: BasketSnapshot }) {
  const allergens = allergensOf(line.sku_id);
  return (
    <>
      {allergens && (
        <p class="facts">
          <Icon name="allergen" />
          <span>
            <strong>{t("allergens")}</strong> {allergens}
          </span>
        </p>
      )}
      <LineExtras line={line} snapshot={snapshot} />
    </>
  );
}

function Twins({ line, snapshot }: { line: BasketLine; snapshot: BasketSnapshot }) {
  const twins = (productOf(line.sku_id)?.twins ?? []).slice(0, 3);
  if (twins.length === 0) return null;
  return (
    <section class="twins">
      <h3>{t("twins_title")}</h3>
      <ul>
        {twins.map((skuId) => {
          const twin = productOf(skuId);
          const name = nameOf(skuId, skuId);
          return (
            <li key={skuId}>
              <button type="button" class="tile tile-row" onClick={() => void correct(line, skuId)}>
                <ProductPicture skuId={skuId} picture={twin?.picture ?? ""} name={name} />
                <span class="tile-name">{name}</span>
                {twin && <span class="tile-price">{money(twin.unit_amount_minor, snapshot)}</span>}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function LineActions({ line, name }: { line: BasketLine; name: string }) {
  const several = line.quantity > 1 && line.weight_g === 0;
  const isSeen = line.origin === "vision" || line.origin === "answer";
  return (
    <>
      <div class="sheet-row">
        <Button icon="swap" onPress={() => openSheet({ name: "search", purpose: "correct", lineId: line.line_id })}>
          {t("wrong_item")}
        </Button>
        {several && (
          <Button icon="minus" onPress={() => void removeLine(line, name)}>
            {t("remove_one")}
          </Button>
        )}
        {isAttendant.value && (
          <Button icon="price" onPress={() => openSheet({ name: "price", lineId: line.line_id })}>
            {t("price_change")}
          </Button>
        )}
        <Button kind="danger" icon="trash" onPress={() => void removeLine(line, name, line.quantity)}>
          {several ? t("remove_all") : t("remove")}
        </Button>
      </div>
      {isSeen && <p class="eyebrow">{t("remove_put_back")}</p>}
    </>
  );
}

async function correct(line: BasketLine, skuId: string): Promise<void> {
  if (await command({ type: "correct_line", line_id: line.line_id, sku_id: skuId })) closeSheet();
}
