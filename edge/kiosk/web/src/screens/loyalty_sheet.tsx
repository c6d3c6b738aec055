// The shopper's number in the loyalty program: scan the card or type it. Unknown is no obstacle.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useState } from "preact/hooks";
import { request } from "../live.ts";
import { Keypad } from "../parts/keypad.tsx";
import { giveLoyalty } from "../scanner.ts";
import { basket, closeSheet, showToast } from "../state.ts";
import { codeText, t } from "../texts.ts";

const MAX_DIGITS = 24;

export function LoyaltySheet() {
  const [number, setNumber] = useState("");
  const [problem, setProblem] = useState("");
  const given = basket.value?.loyalty ?? "";
  const enter = async () => {
    const reply = await request({ type: "give_loyalty", number });
    if (!reply?.is_done) {
      setNumber("");
      return setProblem(reply ? codeText("error", reply.code) : t("error_not_sent"));
    }
    closeSheet();
    showToast(t("loyalty_done"));
  };
  const press = (key: string) => setNumber(key ? (number + key).slice(0, MAX_DIGITS) : number.slice(0, -1));
  return (
    <Sheet title={t("loyalty_title")} closeLabel={t("close")} onClose={closeSheet}>
      <p class="ask-scan">
        <Icon name="barcode" />
        {t("loyalty_scan")}
      </p>
      <form
        class="pin"
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <input
          class="field loyalty-field"
          dir="ltr"
          inputMode="none"
          autocomplete="off"
          aria-label={t("loyalty_title")}
          placeholder={t("loyalty_number")}
          value={number}
          onInput={(event) => setNumber(event.currentTarget.value.slice(0, MAX_DIGITS))}
        />
        <p class="pin-problem" role="alert">
          {problem}
        </p>
        <Keypad onKey={press}>
          <button type="submit" class="button button-main" aria-disabled={number.length < 4 || undefined}>
            {t("staff_enter")}
          </button>
        </Keypad>
      </form>
      <div class="sheet-row">
        <Button kind="quiet" onPress={closeSheet}>
          {t("loyalty_without")}
        </Button>
        {given && (
          <Button kind="danger" icon="trash" onPress={() => void giveLoyalty("")}>
            {t("loyalty_remove", { digits: given })}
          </Button>
        )}
      </div>
    </Sheet>
  );
}
