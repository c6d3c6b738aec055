// Everything the screen shows, as signals. The server is the only one who changes a basket.

import { computed, signal } from "@preact/signals";
import type { SocketState } from "@tillsight/web-shared/resilient_socket.ts";
import type { Hello, Invitation, QueueEntry, StatusMessage } from "./wire.ts";
import type { Ask, BasketSnapshot, DayTotals, PastSale } from "./wire_types.ts";

export type SheetName =
  | { readonly name: "none" }
  | { readonly name: "search"; readonly purpose: "add" | "scan" }
  | { readonly name: "search"; readonly purpose: "answer"; readonly askId: string }
  | { readonly name: "search"; readonly purpose: "correct"; readonly lineId: string }
  | { readonly name: "line"; readonly lineId: string }
  | { readonly name: "weight"; readonly skuId: string }
  | { readonly name: "price"; readonly lineId: string }
  | { readonly name: "settings" | "help" | "cancel" | "staff" | "sales" | "totals" | "handheld" | "loyalty" };

export type Screen =
  | "loading"
  | "welcome"
  | "shopping"
  | "left_behind"
  | "paying"
  | "paid"
  | "suspended"
  | "refused";

export const hello = signal<Hello | undefined>(undefined);
export const basket = signal<BasketSnapshot | undefined>(undefined);
export const status = signal<StatusMessage | undefined>(undefined);
export const connection = signal<SocketState>("connecting");
export const queue = signal<readonly QueueEntry[]>([]);
export const isAttendant = signal(false);
export const sales = signal<readonly PastSale[] | undefined>(undefined);
export const dayTotals = signal<readonly DayTotals[] | undefined>(undefined);
export const pairing = signal<{ readonly invitation: Invitation | null; readonly num_paired: number } | undefined>(undefined);
export const isAgeChecked = signal(true);

export const sheet = signal<SheetName>({ name: "none" });
export const toast = signal("");
export const isStarted = signal(false);
export const dismissedBasket = signal("");
export const camera = signal("");
export const declinedBasket = signal("");
export const isParkedSeen = signal(false);
export const calledForAge = signal("");

export const screen = computed<Screen>(() => screenOf(basket.value, { hasStarted: isStarted.value, isParkedSeen: isParkedSeen.value, dismissed: dismissedBasket.value }));

/** Which screen a basket wants. A basket that cannot be seen is never shown as an empty one. */
export function screenOf(
  snapshot: BasketSnapshot | undefined,
  { hasStarted, isParkedSeen, dismissed }: { hasStarted: boolean; isParkedSeen: boolean; dismissed: string },
): Screen {
  if (!snapshot) return "loading";
  if (snapshot.phase === "paying" || snapshot.phase === "refused") return snapshot.phase;
  if (snapshot.phase === "suspended" && !hasStarted && !isParkedSeen) return "suspended";
  if (snapshot.phase === "paid" && snapshot.basket_id !== dismissed) return "paid";
  if (snapshot.lines.length > 0 && snapshot.phase === "shopping") return "shopping";
  const visible = snapshot.items.filter((item) => item.state !== "ignored" && item.state !== "left_behind");
  if (visible.length > 0 && snapshot.phase !== "paid") return "shopping";
  const isLeft = snapshot.items.some((item) => item.state === "left_behind");
  if (isLeft || (visible.length > 0 && snapshot.phase === "paid")) return "left_behind";
  if (snapshot.phase === "paid") return "welcome"; // paid goods are never offered for payment again
  if (snapshot.asks.length > 0 || snapshot.is_blind || hasStarted) return "shopping";
  return "welcome";
}

/** What lies there was paid on this screen a moment ago: it is not some other customer's. */
export const isPaidHere = computed(() => {
  const snapshot = basket.value;
  return snapshot?.phase === "paid" && snapshot.basket_id === dismissedBasket.value;
});

export const openAsks = computed<readonly Ask[]>(() => basket.value?.asks ?? []);

export const itemCount = computed(() =>
  (basket.value?.lines ?? []).reduce((sum, line) => sum + (line.weight_g > 0 ? 1 : line.quantity), 0),
);

export const ageLimit = computed(() =>
  Math.max(0, ...(basket.value?.lines ?? []).map((line) => line.age_limit)),
);

export function openSheet(next: SheetName): void {
  sheet.value = next;
}

export function closeSheet(): void {
  sheet.value = { name: "none" };
}

let toastTimer: ReturnType<typeof setTimeout> | undefined;

export function showToast(text: string): void {
  toast.value = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (toast.value = ""), 4_000);
}
