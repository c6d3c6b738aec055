// Notices that nobody is there: warns by sight and sound first, then calls a person. Never charges,
// never empties a basket.

import { effect, signal, untracked } from "@preact/signals";
import { request } from "./live.ts";
import { forgetPreferences, preferences } from "./preferences.ts";
import { basket, closeSheet, hello, isStarted, screen } from "./state.ts";

const COUNTDOWN_S = 30;
const MORE_TIME = 3;
const WELCOME_RESET_S = 60;

/** Seconds left before a person is called; -1 while somebody is there. */
export const secondsLeft = signal(-1);

let touchedAt = performance.now();
let hasCalled = false;

export function stillHere(): void {
  touchedAt = performance.now();
  secondsLeft.value = -1;
  hasCalled = false;
}

export function watchForIdle(): void {
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, stillHere, { capture: true });
  effect(() => {
    void basket.value?.revision;
    void basket.value?.basket_id;
    void basket.value?.items.length;
    untracked(stillHere);
  });
  setInterval(checkIdle, 1_000);
}

function checkIdle(): void {
  const idleS = (performance.now() - touchedAt) / 1000;
  const factor = preferences.value.hasMoreTime ? MORE_TIME : 1;
  if (screen.value === "shopping") checkShopper(idleS, factor);
  else {
    secondsLeft.value = -1;
    if (idleS > WELCOME_RESET_S * factor && screen.value === "welcome") startAfresh();
  }
}

function checkShopper(idleS: number, factor: number): void {
  const warnS = (hello.value?.idle_warning_s ?? 90) * factor;
  const countdownS = COUNTDOWN_S * factor;
  const hasGoods = (basket.value?.lines.length ?? 0) > 0 || (basket.value?.items.length ?? 0) > 0;
  if (idleS < warnS || hasCalled) return;
  const left = Math.ceil(warnS + countdownS - idleS);
  if (left > 0 && hasGoods) {
    secondsLeft.value = left;
    return;
  }
  secondsLeft.value = -1;
  if (hasGoods) {
    hasCalled = true;
    void request({ type: "call_help", reason: "walk_away" });
  } else startAfresh();
}

function startAfresh(): void {
  touchedAt = performance.now();
  isStarted.value = false;
  closeSheet();
  forgetPreferences();
}
