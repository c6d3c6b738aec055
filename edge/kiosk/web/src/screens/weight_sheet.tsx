// What an attendant reads off a scale that is not wired to the box: grams in, price out.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useState } from "preact/hooks";
import { nameOf, productOf } from "../catalogue.ts";
import { command } from "../live.ts";
import { Keypad } from "../parts/keypad.tsx";
import { basket, closeSheet, showToast } from "../state.ts";
import { money, t, weight } from "../texts.ts";

const MAX_GRAMS = 99_999;

export function WeightSheet({ skuId }: { skuId: string }) {
  const [grams, setGrams] = useState(0);
  const snapshot = basket.value;
  const unit = productOf(skuId)?.unit_amount_minor ?? 0;
  const press = (key: string) => {
    const next = key ? grams * 10 + Number(key) : Math.floor(grams / 10);
    if (next <= MAX_GRAMS) setGrams(next);
  };
  const add = async () => {
    const name = nameOf(skuId, skuId);
    if (!(await command({ type: "add_line", sku_id: skuId, weight_g: grams }))) return;
    closeSheet();
    showToast(t("added", { name }));
  };
  return (
    <Sheet title={nameOf(skuId, skuId)} closeLabel={t("close")} onClose={closeSheet}>
      <div class="pin">
        <p class="weight-shown" role="status">
          <strong>{weight(grams)}</strong>
          {snapshot && unit > 0 && <span>{money(Math.floor((unit * grams + 500) / 1000), snapshot)}</span>}
        </p>
        <Keypad onKey={press}>
          <Button kind="main" blocked={grams === 0} onPress={() => grams > 0 && void add()}>
            {t("staff_enter")}
          </Button>
        </Keypad>
      </div>
    </Sheet>
  );
}
