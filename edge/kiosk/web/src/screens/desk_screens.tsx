// Everything that only staff open, in a file of its own: a shopper's first load goes without it.

import { sheet } from "../state.ts";
import { HandheldScreen } from "./handheld_screen.tsx";
import { HandheldSheet } from "./handheld_sheet.tsx";
import { PriceSheet } from "./price_sheet.tsx";
import { SalesSheet } from "./sales_sheet.tsx";
import { StaffSheet } from "./staff_sheet.tsx";
import { TotalsSheet } from "./totals_sheet.tsx";

export { HandheldScreen };

export function DeskSheet() {
  const open = sheet.value;
  switch (open.name) {
    case "price":
      return <PriceSheet lineId={open.lineId} />;
    case "sales":
      return <SalesSheet />;
    case "totals":
      return <TotalsSheet />;
    case "handheld":
      return <HandheldSheet />;
    case "staff":
      return <StaffSheet />;
    default:
      return null;
  }
}
