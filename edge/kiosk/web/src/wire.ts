// What the server sends besides the generated messages, and how a frame is taken apart.
// The Python twin is edge/kiosk/socket_messages.py.

import type { BasketSnapshot, CommandReply, DayTotals, PastSale } from "./wire_types.ts";

export interface Hello {
  readonly type: "hello";
  readonly lane_id: string;
  readonly lanes: readonly string[];
  readonly cameras: readonly string[];
  readonly terminal: "external" | "practice" | "attendant";
  readonly store: string;
  readonly languages: readonly string[];
  readonly default_language: string;
  readonly receipt_s: number;
  readonly has_attendant: boolean;
  readonly has_handhelds: boolean;
  readonly is_handheld: boolean;
}

export interface BasketMessage {
  readonly type: "basket";
  readonly basket: BasketSnapshot;
  readonly is_age_checked: boolean;
  readonly is_attendant: boolean;
}

export interface CameraView {
  readonly camera_id: string;
  readonly state: string;
  readonly reason: string;
  readonly conditions: readonly string[];
}

export interface StatusMessage {
  readonly type: "status";
  readonly cameras: readonly CameraView[];
  readonly notices: readonly string[];
  readonly failed: readonly string[];
  readonly bundle_name: string;
  readonly product_count: number;
  readonly enrol_words: string;
}

export interface QueueEntry {
  readonly lane_id: string;
  readonly basket_id: string;
  readonly phase: string;
  readonly reasons: readonly string[];
  readonly item_ids: readonly string[];
  readonly ask_ids: readonly string[];
  readonly age_limit: number;
  readonly total_minor: number;
  readonly currency: string;
  readonly exponent: number;
}

/** What a phone scans or types to be paired; `qr` is rows of modules, 1 is dark. */
export interface Invitation {
  readonly code: string;
  readonly url: string;
  readonly qr: readonly string[];
  readonly fingerprint: string;
  readonly valid_s: number;
}

export type ServerMessage =
  | Hello
  | BasketMessage
  | StatusMessage
  | { readonly type: "queue"; readonly lanes: readonly QueueEntry[] }
  | ({ readonly type: "reply" } & CommandReply)
  | { readonly type: "attendant"; readonly is_in: boolean; readonly code: string; readonly hint: string }
  | { readonly type: "sales"; readonly sales: readonly PastSale[] }
  | { readonly type: "totals"; readonly lanes: readonly DayTotals[] }
  | { readonly type: "handheld"; readonly invitation: Invitation | null; readonly num_paired: number }
  | { readonly type: "error"; readonly code: string; readonly hint: string }
  | { readonly type: "tick" };

export interface Product {
  readonly sku_id: string;
  readonly names: Readonly<Record<string, string>>;
  readonly unit_amount_minor: number;
  readonly gtin: string;
  readonly unit: string;
  readonly picture: string;
  readonly category: string;
  readonly allergens: readonly string[];
  readonly age_limit: number;
  readonly deposit_minor: number;
  readonly twins: readonly string[];
}

/** [track_id, x1, y1, x2, y2, is_resting, is_occluded]; coordinates are fractions of the picture. */
export type FrameBox = readonly [number, number, number, number, number, number, number];

export interface FrameHeader {
  readonly camera_id: string;
  readonly sequence: number;
  readonly age_ms: number;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly FrameBox[];
}

export interface Frame {
  readonly header: FrameHeader;
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

const utf8 = new TextDecoder();

/** 4 bytes big-endian length, a JSON header of that length, the JPEG. */
export function frameOf(data: ArrayBuffer): Frame {
  const length = new DataView(data).getUint32(0);
  const header = JSON.parse(utf8.decode(new Uint8Array(data, 4, length))) as FrameHeader;
  return { header, jpeg: new Uint8Array(data, 4 + length) };
}
