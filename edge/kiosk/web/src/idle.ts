// Notices that nobody is there. The box decides when a basket was left; the page warns in time,
// by sight and sound, and tells the box as long as somebody is at the screen.

import { computed, effect, signal } from "@preact/signals";
import { request } from "./live.ts";
import { forgetPreferences, hasPreferences, preferences } from "./preferences.ts";
import { basket, closeSheet, isStarted, screen, sheet } from "./state.ts";

const WALK_AWAY = "basket.walk_away_soon";
const TELL_EVERY_MS = 10_000;
const RESET_MS = 60_000;
const WARN_MS = 20_000; // WCAG 2.2.1: twenty seconds to say "not yet"
const NUM_EXTENSIONS = 2; // "more time" is three times the box's patience

const answeredFor = signal("");

/** The box is about to park or void this basket unless somebody answers. */
export const isLeaving = computed(() => {
  const snapshot = basket.value;
  return snapshot !== undefined && snapshot.notices.includes(WALK_AWAY) && answeredFor.value !== snapshot.basket_id;
});

/** Nothing was bought yet, but what somebody chose or opened here is about to go. */
export const isGoingPlain = signal(false);

let touchedAt = performance.now();
let toldAt = 0;
let extensions = 0;

/** Somebody is at the screen: searching or reading is shopping too. */
export function stillHere(): void {
  touchedAt = performance.now();
  extensions = 0;
  isGoingPlain.value = false;
  if (screen.peek() !== "shopping" || (touchedAt - toldAt < TELL_EVERY_MS && !isLeaving.peek())) return;
  tellBox();
}

export function watchForIdle(): void {
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, stillHere, { capture: true });
  effect(() => {
    const snapshot = basket.value;
    if (!snapshot?.notices.includes(WALK_AWAY)) answeredFor.value = "";
    else if (preferences.peek().hasMoreTime && extensions < NUM_EXTENSIONS && isLeaving.value) {
      extensions += 1;
      tellBox();
    }
  });
  setInterval(startAfreshWhenIdle, 1_000);
}

function tellBox(): void {
  toldAt = performance.now();
  answeredFor.value = basket.peek()?.basket_id ?? "";
  void request({ type: "get_snapshot" });
}

/** On the welcome screen, or started without a single item, the next shopper finds a plain page. */
function startAfreshWhenIdle(): void {
  const isEmpty = screen.value === "welcome" || (screen.value === "shopping" && !basket.value?.basket_id);
  const patience = RESET_MS * (preferences.value.hasMoreTime ? 3 : 1);
  const idle = performance.now() - touchedAt;
  const isWatched = isEmpty && sheet.value.name !== "staff";
  const wouldBeMissed = isStarted.value || sheet.value.name !== "none" || hasPreferences();
  isGoingPlain.value = isWatched && wouldBeMissed && idle > patience - WARN_MS && idle <= patience;
  if (!isWatched || idle <= patience) return;
  touchedAt = performance.now();
  isStarted.value = false;
  closeSheet();
  forgetPreferences();
}
