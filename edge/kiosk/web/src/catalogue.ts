// Products by id and by search, asked of the box once and kept while the page lives.

import { signal } from "@preact/signals";
import { laneQuery } from "./live.ts";
import { direction, language } from "./texts.ts";
import type { Product } from "./wire.ts";

const MAX_KEPT = 400;
const NAME_RETRY_MS = 5_000;

const products = signal<ReadonlyMap<string, Product>>(new Map());
const asked = new Map<string, number>();

/** The product, or undefined until the box has answered. */
export function productOf(skuId: string): Product | undefined {
  const known = products.value.get(skuId);
  if (!known && skuId) void fetchProduct(skuId);
  return known;
}

/** The name in the shopper's language; `fallback` until it is known. */
export function nameOf(skuId: string, fallback: string): string {
  const names = productOf(skuId)?.names;
  return readable(names?.[language.value] ?? names?.["en"] ?? fallback);
}

/** In right-to-left text, "340 g" and "20 x 2 g" stay in one piece and in their own order. */
function readable(name: string): string {
  if (direction.value === "ltr") return name;
  return name.replace(/\d[\d.,]*(?:\s*[x×%]\s*(?:\d[\d.,]*)?)*(?:\s*(?:kg|g|ml|cl|l)\b)?/g, "\u2066$&\u2069");
}

export async function searchProducts(query: string): Promise<readonly Product[]> {
  const parameters = new URLSearchParams({ query, language: language.value, lane: laneQuery });
  const answer = await fetch(`/api/products?${parameters}`);
  if (!answer.ok) throw new Error(`search answered ${answer.status}`);
  const found = (await answer.json()) as Product[];
  keep(found);
  return found;
}

export function pictureUrl(name: string): string {
  return `/api/pictures?${new URLSearchParams({ name, lane: laneQuery })}`;
}

async function fetchProduct(skuId: string): Promise<void> {
  const last = asked.get(skuId);
  if (last !== undefined && performance.now() - last < NAME_RETRY_MS) return;
  asked.set(skuId, performance.now());
  try {
    const answer = await fetch(`/api/products/${encodeURIComponent(skuId)}?${new URLSearchParams({ lane: laneQuery })}`);
    if (answer.ok) keep([(await answer.json()) as Product]);
  } catch {
    // the line keeps the name the basket gave it; asked again later
  }
}

function keep(found: readonly Product[]): void {
  const next = new Map(products.value);
  for (const product of found) next.set(product.sku_id, product);
  while (next.size > MAX_KEPT) {
    const oldest = next.keys().next().value;
    if (oldest === undefined) break;
    next.delete(oldest);
  }
  products.value = next;
}
