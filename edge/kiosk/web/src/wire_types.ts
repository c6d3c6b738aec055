// What a box says. Generated from edge/messages and
// edge/kiosk/socket_messages.py by `python -m tools.checks.wire_types`; do not edit.

export type Phase = "idle" | "shopping" | "paying" | "paid" | "suspended" | "refused";

export type LineOrigin = "vision" | "answer" | "search" | "scan" | "attendant";

export interface BasketLine {
  readonly line_id: string;
  readonly sku_id: string;
  readonly name: string;
  readonly quantity: number;
  readonly unit_amount_minor: number;
  readonly amount_minor: number;
  readonly origin: LineOrigin;
  readonly tray: number;
  readonly deposit_minor: number;
  readonly discount_minor: number;
  readonly discount_name: string;
  readonly age_limit: number;
  readonly weight_g: number;
  readonly picture: string;
  readonly item_ids: readonly string[];
  readonly confidence: number;
  readonly list_amount_minor: number;
}

export interface Option {
  readonly sku_id: string;
  readonly name: string;
  readonly unit_amount_minor: number;
  readonly picture: string;
}

export interface Ask {
  readonly ask_id: string;
  readonly item_id: string;
  readonly kind: string;
  readonly options: readonly Option[];
  readonly since_ns: number;
}

export type ItemState = "checking" | "charged" | "asking" | "unknown" | "ignored" | "left_behind";

export interface ItemView {
  readonly item_id: string;
  readonly state: ItemState;
  readonly sku_id: string;
  readonly name: string;
  readonly amount_minor: number;
  readonly tracks: readonly (readonly [string, number])[];
  readonly counter_cm: readonly [number, number];
}

export interface BasketSnapshot {
  readonly lane_id: string;
  readonly basket_id: string;
  readonly revision: number;
  readonly phase: Phase;
  readonly currency: string;
  readonly exponent: number;
  readonly lines: readonly BasketLine[];
  readonly asks: readonly Ask[];
  readonly items: readonly ItemView[];
  readonly total_minor: number;
  readonly tax_minor: number;
  readonly tray: number;
  readonly notices: readonly string[];
  readonly can_pay: boolean;
  readonly is_blind: boolean;
  readonly at_ns: number;
  readonly bundle_id: string;
  readonly last_line_latency_ms: number;
  readonly age_checked: number;
  readonly loyalty: string;
  readonly is_loyalty_known: boolean;
  readonly is_practice: boolean;
}

export interface CommandReply {
  readonly command_id: string;
  readonly is_done: boolean;
  readonly code: string;
  readonly hint: string;
  readonly revision: number;
}

export interface ReceiptLine {
  readonly name: string;
  readonly sku_id: string;
  readonly quantity: number;
  readonly unit_amount_minor: number;
  readonly amount_minor: number;
  readonly weight_g: number;
  readonly deposit_minor: number;
  readonly discount_minor: number;
  readonly discount_name: string;
  readonly list_amount_minor: number;
}

export interface Receipt {
  readonly receipt_id: string;
  readonly store: string;
  readonly lane_id: string;
  readonly issued_at: string;
  readonly currency: string;
  readonly exponent: number;
  readonly lines: readonly ReceiptLine[];
  readonly num_items: number;
  readonly total_minor: number;
  readonly tax_minor: number;
  readonly format: number;
  readonly loyalty: string;
  readonly is_practice: boolean;
}

export interface PastLine {
  readonly line_id: string;
  readonly sku_id: string;
  readonly name: string;
  readonly quantity: number;
  readonly amount_minor: number;
  readonly tax_minor: number;
  readonly tax_bp: number;
  readonly weight_g: number;
  readonly refunded: number;
}

export interface PastSale {
  readonly basket_id: string;
  readonly lane_id: string;
  readonly paid_utc: string;
  readonly currency: string;
  readonly exponent: number;
  readonly total_minor: number;
  readonly refunded_minor: number;
  readonly lines: readonly PastLine[];
  readonly kind: string;
}

export interface PaymentTotal {
  readonly kind: string;
  readonly num_sales: number;
  readonly sales_minor: number;
  readonly refunds_minor: number;
}

export interface TaxTotal {
  readonly tax_bp: number;
  readonly gross_minor: number;
  readonly tax_minor: number;
}

export interface DayTotals {
  readonly lane_id: string;
  readonly day: string;
  readonly currency: string;
  readonly exponent: number;
  readonly num_sales: number;
  readonly num_items: number;
  readonly sales_minor: number;
  readonly discounts_minor: number;
  readonly deposits_minor: number;
  readonly num_voids: number;
  readonly voids_minor: number;
  readonly num_refunds: number;
  readonly refunds_minor: number;
  readonly num_changes: number;
  readonly changes_minor: number;
  readonly num_age_checks: number;
  readonly num_help_calls: number;
  readonly num_practices: number;
  readonly payments: readonly PaymentTotal[];
  readonly taxes: readonly TaxTotal[];
}
