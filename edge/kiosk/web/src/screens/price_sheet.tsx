// Another price for the pieces of a line: what it costs now, what it shall cost, and why.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useState } from "preact/hooks";
import { nameOf } from "../catalogue.ts";
import { command } from "../live.ts";
import { Keypad } from "../parts/keypad.tsx";
import { basket, closeSheet, showToast } from "../state.ts";
import { money, t } from "../texts.ts";

const MAX_MINOR = 9_999_999;
const REASONS = ["damaged", "wrong_label", "short_date", "goodwill"] as const;
const SHARES = [10, 30, 50] as const;

export function PriceSheet({ lineId }: { lineId: string }) {
  const snapshot = basket.value;
  const line = snapshot?.lines.find((other) => other.line_id === lineId);
  const [minor, setMinor] = useState<number | undefined>(undefined);
  const [reason, setReason] = useState("");
  if (!snapshot || !line) return null;
  const before = line.list_amount_minor || line.unit_amount_minor;
  const press = (key: string) => {
    const next = key ? (minor ?? 0) * 10 + Number(key) : Math.floor((minor ?? 0) / 10);
    if (next <= MAX_MINOR) setMinor(next);
  };
  const isReady = minor !== undefined && reason !== "";
  const change = async () => {
    if (minor === undefined || !reason) return showToast(t("price_why"));
    const isDone = await command({ type: "override_price", line_id: lineId, unit_amount_minor: minor, reason });
    if (!isDone) return;
    closeSheet();
    showToast(t("price_changed"));
  };
  return (
    <Sheet title={nameOf(line.sku_id, line.name)} closeLabel={t("close")} onClose={closeSheet} class="price-sheet">
      <p class="weight-shown" role="status">
        <span>{t("price_was", { amount: money(before, snapshot) })}</span>
        <strong>{minor === undefined ? "–" : money(minor, snapshot)}</strong>
      </p>
      <div class="price-ways">
        <div class="choices-grid">
          <h3>{t("price_why")}</h3>
          {REASONS.map((code) => (
            <Button key={code} pressed={reason === code} onPress={() => setReason(code)}>
              {t(`price_reason_${code}`)}
            </Button>
          ))}
          <div class="sheet-row">
            {SHARES.map((share) => (
              <Button key={share} kind="soft" onPress={() => setMinor(Math.floor((before * (100 - share) + 50) / 100))}>
                <bdi dir="ltr">−{share} %</bdi>
              </Button>
            ))}
          </div>
        </div>
        <Keypad onKey={press}>
          <Button kind="main" blocked={!isReady} onPress={() => void change()}>
            {t("staff_enter")}
          </Button>
        </Keypad>
      </div>
    </Sheet>
  );
}
