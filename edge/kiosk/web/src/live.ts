// The wire to the box: messages become signals, frames go to the canvas, commands get their replies.

import { batch } from "@preact/signals";
import { ResilientSocket } from "@tillsight/web-shared/resilient_socket.ts";
import type { BasketCommand, FromScreen } from "./command_types.ts";
import { receiveFrame } from "./frames.ts";
import {
  basket,
  camera,
  connection,
  dayTotals,
  declinedBasket,
  hello,
  isAgeChecked,
  isAttendant,
  isParkedSeen,
  isStarted,
  pairing,
  queue,
  sales,
  showToast,
  status,
} from "./state.ts";
import { codeText, t } from "./texts.ts";
import { type BasketMessage, type ServerMessage, frameOf } from "./wire.ts";
import type { BasketSnapshot, CommandReply } from "./wire_types.ts";

const REPLY_TIMEOUT_MS = 6_000;
const KEPT_BASKET = "last basket";

export const laneQuery = new URLSearchParams(location.search).get("lane") ?? "";

const waiting = new Map<string, (reply: CommandReply | undefined) => void>();
let onAdmission: ((code: string) => void) | undefined;

const scheme = location.protocol === "https:" ? "wss" : "ws";
const socket = new ResilientSocket(`${scheme}://${location.host}/ws?lane=${encodeURIComponent(laneQuery)}`, {
  onState: (state) => {
    connection.value = state;
    if (state === "lost") forgetWaiting();
  },
  onText: (text) => batch(() => receive(JSON.parse(text) as ServerMessage)),
  onBinary: (data) => void receiveFrame(frameOf(data)),
});

export function connect(): void {
  const kept = sessionStorage.getItem(KEPT_BASKET);
  if (kept) basket.value = JSON.parse(kept) as BasketSnapshot;
  socket.open();
}

export function tell(message: FromScreen): boolean {
  return socket.send(message);
}

/** Do something to the basket; true when it is done. Says on the screen why not. */
export async function command(body: BasketCommand, laneId = ""): Promise<boolean> {
  const reply = await request(body, laneId);
  if (reply?.is_done) return true;
  showToast(reply ? codeText("error", reply.code) : t("error_not_sent"));
  return false;
}

export async function request(body: BasketCommand, laneId = ""): Promise<CommandReply | undefined> {
  const id = crypto.randomUUID();
  if (!tell({ type: "command", command_id: id, body, ...(laneId ? { lane_id: laneId } : {}) })) {
    return undefined;
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(undefined), REPLY_TIMEOUT_MS);
    const finish = (reply: CommandReply | undefined) => {
      clearTimeout(timer);
      waiting.delete(id);
      resolve(reply);
    };
    waiting.set(id, finish);
  });
}

/** Ask to be let in as staff; resolves with a code, empty when admitted. */
export function admit(pin: string): Promise<string> {
  return new Promise((resolve) => {
    onAdmission = resolve;
    if (!tell({ type: "attendant", pin })) resolve("not_sent");
  });
}

export function watch(cameras: readonly string[]): void {
  tell({ type: "watch", cameras });
}

function receive(message: ServerMessage): void {
  if (message.type === "hello") {
    hello.value = message;
    if (!message.cameras.includes(camera.value)) camera.value = message.cameras[0] ?? "";
    watch(camera.value ? [camera.value] : []);
  } else if (message.type === "basket") receiveBasket(message);
  else if (message.type === "status") status.value = message;
  else if (message.type === "queue") queue.value = message.lanes;
  else if (message.type === "reply") waiting.get(message.command_id)?.(message);
  else if (message.type === "sales") sales.value = message.sales;
  else if (message.type === "totals") dayTotals.value = message.lanes;
  else if (message.type === "handheld") pairing.value = message;
  else if (message.type === "error") showToast(codeText("error", message.code));
  else if (message.type === "attendant") onAdmission?.(message.is_in ? "" : message.code);
}

function receiveBasket(message: BasketMessage): void {
  const before = basket.value;
  const now = message.basket;
  if (before && before.basket_id !== now.basket_id) isStarted.value = false;
  if (before?.phase === "paying" && now.phase === "shopping") declinedBasket.value = now.basket_id;
  else if (now.phase !== "shopping" || now.revision !== before?.revision) declinedBasket.value = "";
  if (now.phase !== "suspended") isParkedSeen.value = false;
  basket.value = now;
  isAgeChecked.value = message.is_age_checked;
  isAttendant.value = message.is_attendant;
  if (now.is_practice) sessionStorage.removeItem(KEPT_BASKET);
  else sessionStorage.setItem(KEPT_BASKET, JSON.stringify(now));
}

function forgetWaiting(): void {
  isAttendant.value = false;
  for (const finish of [...waiting.values()]) finish(undefined);
}
