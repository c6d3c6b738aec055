// What a screen says. Generated from edge/messages and
// edge/kiosk/socket_messages.py by `python -m tools.checks.wire_types`; do not edit.

export interface AnswerAsk {
  readonly type: "answer_ask";
  readonly ask_id: string;
  readonly sku_id: string;
}

export interface RemoveLine {
  readonly type: "remove_line";
  readonly line_id: string;
  readonly quantity?: number;
}

export interface AddLine {
  readonly type: "add_line";
  readonly sku_id?: string;
  readonly gtin?: string;
  readonly quantity?: number;
  readonly weight_g?: number;
}

export interface CorrectLine {
  readonly type: "correct_line";
  readonly line_id: string;
  readonly sku_id: string;
}

export interface AddMore {
  readonly type: "add_more";
}

export interface Finish {
  readonly type: "finish";
}

export interface PaymentResult {
  readonly type: "payment_result";
  readonly result: string;
  readonly reference?: string;
  readonly kind?: string;
}

export interface CancelBasket {
  readonly type: "cancel_basket";
}

export interface Suspend {
  readonly type: "suspend";
}

export interface Resume {
  readonly type: "resume";
}

export interface CallHelp {
  readonly type: "call_help";
  readonly reason?: string;
}

export interface HelpDone {
  readonly type: "help_done";
}

export interface CheckAge {
  readonly type: "check_age";
  readonly basket_id: string;
  readonly age_limit: number;
}

export interface OverridePrice {
  readonly type: "override_price";
  readonly line_id: string;
  readonly unit_amount_minor: number;
  readonly reason: string;
}

export interface RefundPiece {
  readonly line_id: string;
  readonly quantity: number;
}

export interface Refund {
  readonly type: "refund";
  readonly basket_id: string;
  readonly pieces: readonly RefundPiece[];
  readonly reason: string;
  readonly kind?: string;
}

export interface GiveLoyalty {
  readonly type: "give_loyalty";
  readonly number: string;
  readonly is_known?: boolean;
}

export interface StartPractice {
  readonly type: "start_practice";
}

export interface EndPractice {
  readonly type: "end_practice";
}

export interface GetSnapshot {
  readonly type: "get_snapshot";
}

export interface SwapLease {
  readonly type: "swap_lease";
  readonly bundle_id: string;
}

export type BasketCommand =
  | AnswerAsk
  | RemoveLine
  | AddLine
  | CorrectLine
  | AddMore
  | Finish
  | PaymentResult
  | CancelBasket
  | Suspend
  | Resume
  | CallHelp
  | HelpDone
  | CheckAge
  | OverridePrice
  | Refund
  | GiveLoyalty
  | StartPractice
  | EndPractice
  | GetSnapshot
  | SwapLease;

export interface Drawn {
  readonly type: "drawn";
  readonly camera_id: string;
  readonly sequence: number;
}

export interface Watch {
  readonly type: "watch";
  readonly cameras: readonly string[];
}

export interface CommandRequest {
  readonly type: "command";
  readonly command_id: string;
  readonly body: BasketCommand;
  readonly lane_id?: string;
}

export interface Attendant {
  readonly type: "attendant";
  readonly pin: string;
}

export interface AskSales {
  readonly type: "ask_sales";
  readonly lane_id?: string;
  readonly basket_id?: string;
}

export interface AskTotals {
  readonly type: "ask_totals";
  readonly days_ago?: number;
}

export interface PairHandheld {
  readonly type: "pair_handheld";
  readonly forget?: boolean;
}

export interface Leave {
  readonly type: "leave";
}

export type FromScreen =
  | Drawn
  | Watch
  | CommandRequest
  | Attendant
  | AskSales
  | AskTotals
  | PairHandheld
  | Leave;
