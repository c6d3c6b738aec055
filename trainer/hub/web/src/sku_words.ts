// SKUs as people read them: name, category, price.

import { formatMoney, formatWeight } from "@tillsight/web-shared/money.ts";
import { address } from "./api.ts";
import type { SkuReply, StorePrice } from "./api_types.ts";
import { language } from "./texts.ts";

export function nameOf(sku: Pick<SkuReply, "sku_id" | "names">): string {
  const names = sku.names as Readonly<Record<string, string>>;
  return names[language.value] ?? names["en"] ?? Object.values(names)[0] ?? sku.sku_id;
}

export function categoryOf(sku: Pick<SkuReply, "category_path">): string {
  return (sku.category_path ?? []).join(" › ");
}

export function priceText(price: Pick<StorePrice, "amount_minor" | "currency" | "exponent">): string {
  return formatMoney(price.amount_minor, price.currency, price.exponent, language.value);
}

export function weightText(grams: number | null | undefined): string {
  return grams ? formatWeight(grams, language.value) : "";
}

/** `version` makes the browser ask again after a change. */
export function pictureOf(sku: Pick<SkuReply, "sku_id"> & { readonly updated_at?: string }): string {
  return address("/api/v1/skus/{sku_id}/picture", { sku_id: sku.sku_id }, { v: sku.updated_at });
}
