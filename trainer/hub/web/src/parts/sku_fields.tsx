// The details of an SKU as fields; the same on the catalogue's page and in the wizard.

import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { idFrom, type SkuDraft } from "../sku_draft.ts";
import { t } from "../texts.ts";

interface Props {
  draft: SkuDraft;
  onChange: (draft: SkuDraft) => void;
  isNew?: boolean;
}

export function SkuFields({ draft, onChange, isNew }: Props) {
  const field = (name: keyof SkuDraft, hint?: string) => (
    <TextField
      label={t(`sku_${name}`)}
      value={draft[name]}
      hint={hint}
      onInput={(value) => onChange({ ...draft, [name]: value })}
    />
  );
  function rename(name: string): void {
    const follows = isNew && (!draft.sku_id || draft.sku_id === idFrom(draft.name));
    onChange({ ...draft, name, ...(follows ? { sku_id: idFrom(name) } : {}) });
  }
  return (
    <div class="stack">
      <TextField label={t("sku_name")} value={draft.name} onInput={rename} autoFocus={isNew ?? false} hint={t("sku_name_hint")} />
      <div class="pair">
        {isNew && field("sku_id", t("sku_id_hint"))}
        {field("gtin", t("sku_gtin_hint"))}
        {field("plu", t("sku_plu_hint"))}
        {field("category", t("sku_category_hint"))}
        {field("family", t("sku_family_hint"))}
      </div>
      <Segmented
        label={t("sku_unit")}
        value={draft.unit}
        options={(["each", "kg"] as const).map((value) => ({ value, label: t(`unit_${value}`) }))}
        onChoose={(unit) => onChange({ ...draft, unit: unit as SkuDraft["unit"] })}
      />
      <div class="pair">
        {field("weight")}
        {field("tolerance", t("sku_tolerance_hint"))}
        {field("age")}
        {field("deposit", t("sku_deposit_hint"))}
        {field("tax")}
        {field("allergens", t("sku_allergens_hint"))}
      </div>
    </div>
  );
}
