// Find an item by name or number: to add it, to answer a question, to put a line right.

import { Icon } from "@tillsight/web-shared/icon.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useEffect, useRef, useState } from "preact/hooks";
import { nameOf, searchProducts } from "../catalogue.ts";
import { command } from "../live.ts";
import { ProductPicture } from "../parts/product_picture.tsx";
import { SeenPicture } from "../parts/seen_picture.tsx";
import { TouchKeyboard } from "../parts/touch_keyboard.tsx";
import { addByBarcode, isBarcode } from "../scanner.ts";
import { basket, closeSheet, isAttendant, openAsks, openSheet, showToast, type SheetName } from "../state.ts";
import { language, money, t } from "../texts.ts";
import type { Product } from "../wire.ts";

export type SearchPurpose = Extract<SheetName, { name: "search" }>;

const TYPING_PAUSE_MS = 120;
const KIOSK_WIDTH_PX = 700; // narrower screens are handhelds and bring their own keyboard

export function SearchSheet({ purpose }: { purpose: SearchPurpose }) {
  const [query, setQuery] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const found = useFound(query);
  const itemId = itemAsked(purpose);
  const hasKeyboard = window.innerWidth >= KIOSK_WIDTH_PX;
  useEffect(() => field.current?.focus(), []);
  return (
    <Sheet title={titleOf(purpose)} closeLabel={t("close")} onClose={closeSheet} size="large" class="search">
      <div class="search-field">
        {itemId && (
          <span class="search-seen">
            <SeenPicture itemId={itemId} />
          </span>
        )}
        <Icon name="search" />
        <input
          ref={field}
          class="field"
          type="search"
          value={query}
          inputMode={hasKeyboard ? "none" : "search"}
          autocomplete="off"
          enterKeyHint="search"
          placeholder={t("search_placeholder")}
          aria-label={t("search_placeholder")}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && void enter(query, purpose, found)}
        />
      </div>
      <Results query={query} found={found} purpose={purpose} />
      {hasKeyboard && <TouchKeyboard onKey={(edit) => setQuery(edit)} />}
    </Sheet>
  );
}

/** The item a question is about stays in sight while one looks for its name. */
function itemAsked(purpose: SearchPurpose): string {
  if (purpose.purpose !== "answer") return "";
  return openAsks.value.find((ask) => ask.ask_id === purpose.askId)?.item_id ?? "";
}

function titleOf(purpose: SearchPurpose): string {
  if (purpose.purpose === "answer") return t("search_answer");
  return purpose.purpose === "correct" ? t("search_correct") : t("search_title");
}

function useFound(query: string): readonly Product[] | undefined {
  const [found, setFound] = useState<readonly Product[] | undefined>(undefined);
  useEffect(() => {
    let isStale = false;
    const timer = setTimeout(async () => {
      try {
        const answer = await searchProducts(query);
        if (!isStale) setFound(answer);
      } catch {
        if (!isStale) showToast(t("error_not_sent"));
      }
    }, TYPING_PAUSE_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [query, language.value]);
  return found;
}

function Results({ query, found, purpose }: { query: string; found: readonly Product[] | undefined; purpose: SearchPurpose }) {
  const snapshot = basket.value;
  if (!found) return <div class="results" />;
  const heading = query ? t("search_results", { count: found.length }) : t("search_favourites");
  return (
    <div class="results">
      <p class="eyebrow" role="status">
        {found.length > 0 ? heading : t("search_none", { query })}
      </p>
      {found.length === 0 && <p>{t("search_none_text")}</p>}
      <ul class="result-tiles">
        {found.map((product) => {
          const name = nameOf(product.sku_id, product.names["en"] ?? product.sku_id);
          return (
            <li key={product.sku_id}>
              <button type="button" class="tile" onClick={() => void pick(product, name, purpose)}>
                <ProductPicture skuId={product.sku_id} picture={product.picture} name={name} />
                <span class="tile-name">{name}</span>
                {snapshot && (
                  <span class="tile-price">
                    {money(product.unit_amount_minor, snapshot)} {product.unit === "kg" && t("per_kg")}
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

async function enter(query: string, purpose: SearchPurpose, found: readonly Product[] | undefined): Promise<void> {
  const only = found?.length === 1 ? found[0] : undefined;
  if (only) await pick(only, nameOf(only.sku_id, only.sku_id), purpose);
  else if (isBarcode(query) && purpose.purpose === "add" && (await addByBarcode(query))) closeSheet();
}

async function pick(product: Product, name: string, purpose: SearchPurpose): Promise<void> {
  if (product.unit === "kg" && isAttendant.value) {
    openSheet({ name: "weight", skuId: product.sku_id });
  } else if (await command(commandOf(product.sku_id, purpose))) {
    closeSheet();
    showToast(t("added", { name }));
  }
}

function commandOf(skuId: string, purpose: SearchPurpose) {
  switch (purpose.purpose) {
    case "answer":
      return { type: "answer_ask", ask_id: purpose.askId, sku_id: skuId } as const;
    case "correct":
      return { type: "correct_line", line_id: purpose.lineId, sku_id: skuId } as const;
    default:
      return { type: "add_line", sku_id: skuId } as const;
  }
}
