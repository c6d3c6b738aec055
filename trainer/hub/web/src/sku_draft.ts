// An SKU while a person edits it: every field as text, and back to the form of the hub.

import type { CatalogueSku, SkuDetail } from "./api_types.ts";

export interface SkuDraft {
  readonly sku_id: string;
  readonly name: string;
  readonly gtin: string;
  readonly plu: string;
  readonly unit: "each" | "kg";
  readonly category: string;
  readonly family: string;
  readonly weight: string;
  readonly tolerance: string;
  readonly age: string;
  readonly allergens: string;
  readonly deposit: string;
  readonly tax: string;
}

export const EMPTY_DRAFT: SkuDraft = {
  sku_id: "",
  name: "",
  gtin: "",
  plu: "",
  unit: "each",
  category: "",
  family: "",
  weight: "",
  tolerance: "",
  age: "",
  allergens: "",
  deposit: "",
  tax: "standard",
};

export function draftOf(sku: CatalogueSku): SkuDraft {
  const names = sku.names as Readonly<Record<string, string>>;
  return {
    sku_id: sku.sku_id,
    name: names["en"] ?? "",
    gtin: sku.gtin ?? "",
    plu: sku.plu ?? "",
    unit: sku.unit ?? "each",
    category: (sku.category_path ?? []).join("/"),
    family: sku.family ?? "",
    weight: text(sku.expected_weight_g),
    tolerance: text(sku.weight_tolerance_g),
    age: text(sku.age_limit),
    allergens: (sku.allergens ?? []).join(", "),
    deposit: text(sku.deposit_minor),
    tax: sku.tax_class ?? "standard",
  };
}

/** What the draft says, over what the SKU had: what the page does not show stays as it is. */
export function skuOf(draft: SkuDraft, before?: SkuDetail): CatalogueSku {
  return {
    ...formOf(before),
    sku_id: draft.sku_id.trim(),
    names: { ...(before?.names ?? {}), en: draft.name.trim() },
    gtin: draft.gtin.trim(),
    plu: draft.plu.trim() || null,
    unit: draft.unit,
    category_path: draft.category.split("/").map((part) => part.trim()).filter(Boolean),
    family: draft.family.trim() || null,
    expected_weight_g: figure(draft.weight),
    weight_tolerance_g: figure(draft.tolerance) ?? 0,
    age_limit: figure(draft.age),
    allergens: draft.allergens.split(",").map((part) => part.trim()).filter(Boolean),
    deposit_minor: figure(draft.deposit) ?? 0,
    tax_class: draft.tax.trim() || "standard",
  };
}

/** The part of an answer that may be sent back. */
function formOf(sku: SkuDetail | undefined): Partial<CatalogueSku> {
  if (!sku) return {};
  const { status, version, has_picture, updated_at, amount_minor, prices, ...kept } = sku;
  return kept;
}

/** A name as an id: small letters, digits, underscores. */
export function idFrom(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "")
    .slice(0, 60);
}

function text(value: number | null | undefined): string {
  return value ? String(value) : "";
}

function figure(value: string): number | null {
  const number = Number(value.replace(",", "."));
  return value.trim() && Number.isFinite(number) ? number : null;
}
