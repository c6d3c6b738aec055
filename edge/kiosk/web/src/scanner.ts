// A hand scanner that types: digits faster than fingers, then Enter, wherever the focus is.

import { command } from "./live.ts";
import { closeSheet, screen, sheet, showToast } from "./state.ts";
import { t } from "./texts.ts";

const MAX_GAP_MS = 90; // scanners type a key every 2 to 30 ms, people every 120
const CODE = /^\d{8}$|^\d{12,14}$/;

export function isBarcode(text: string): boolean {
  return CODE.test(text.trim());
}

/** A card's number onto the basket; empty takes it off again. */
export async function giveLoyalty(number: string): Promise<boolean> {
  const isDone = await command({ type: "give_loyalty", number });
  if (isDone) closeSheet();
  return isDone;
}

export async function addByBarcode(code: string): Promise<boolean> {
  if (screen.value === "paying" || screen.value === "paid") return false;
  if (sheet.value.name === "loyalty") return giveLoyalty(code.trim());
  return command({ type: "add_line", gtin: code.trim() });
}

export function listenToScanner(): void {
  let typed = "";
  let last = 0;
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.timeStamp - last > MAX_GAP_MS) typed = "";
      last = event.timeStamp; // when the key went down, however late a busy page hears of it
      if (/^\d$/.test(event.key)) typed += event.key;
      else if (event.key === "Enter" && isBarcode(typed)) {
        event.preventDefault();
        event.stopPropagation();
        const code = typed;
        typed = "";
        clearField(code);
        void addByBarcode(code).then((isDone) => isDone && showToast(t("scanned")));
      }
    },
    { capture: true },
  );
}

/** What the scanner typed into a field is not what the shopper was looking for. */
function clearField(code: string): void {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement) || !field.value.endsWith(code)) return;
  field.value = field.value.slice(0, -code.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
