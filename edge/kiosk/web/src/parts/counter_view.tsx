// The live counter: the newest picture of one camera with the outlines of exactly that picture.

import { useEffect, useRef } from "preact/hooks";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { addPainter, itemsByTrack, lastShot, type Shot } from "../frames.ts";
import { watch } from "../live.ts";
import { nameOf } from "../catalogue.ts";
import { drawShot, type Label } from "../outlines.ts";
import { preferences } from "../preferences.ts";
import { basket, camera, connection, hello, openAsks, status } from "../state.ts";
import { money, t } from "../texts.ts";
import type { BasketSnapshot, ItemView } from "../wire_types.ts";

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

export function CounterView() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const snapshot = basket.value;
  const shown = camera.value;
  useLiveCanvas(canvas, shown);
  useLivingCamera();
  const items = (snapshot?.items ?? []).filter((item) => item.state !== "ignored");
  const charged = items.filter((item) => item.state === "charged").length;
  const summary = t("counter_summary", { charged, open: items.length - charged });
  const isDim = snapshot?.is_blind || connection.value === "lost";
  return (
    <section class={`counter ${isDim ? "counter-dim" : ""}`} aria-label={t("counter_view")}>
      <div class="counter-frame">
        <canvas ref={canvas} class="counter-canvas" role="img" aria-label={`${t("counter_view")}: ${summary}`} />
        {isDim && (
          <div class="counter-veil">
            <Icon name={connection.value === "lost" ? "wifi_off" : "camera_off"} size="3.4rem" />
          </div>
        )}
      </div>
    </section>
  );
}

function useLiveCanvas(canvas: { current: HTMLCanvasElement | null }, shown: string): void {
  const snapshot = basket.value;
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const paint = (shot: Shot) => {
      if (shot.header.camera_id === camera.value) paintOn(element, shot);
    };
    const fit = new ResizeObserver(() => {
      const shot = lastShot(camera.value);
      fitCanvas(element, shot);
      if (shot) paintOn(element, shot);
    });
    fit.observe(element);
    const stop = addPainter(paint);
    return () => {
      fit.disconnect();
      stop();
    };
  }, []);
  useEffect(() => {
    const shot = lastShot(shown);
    if (canvas.current && shot) paintOn(canvas.current, shot);
  }, [shown, snapshot]);
}

function paintOn(element: HTMLCanvasElement, shot: Shot): void {
  fitCanvas(element, shot);
  drawShot({
    canvas: element,
    shot,
    items: itemsByTrack(shot.header.camera_id),
    highlighted: openAsks.peek()[0]?.item_id ?? "",
    isCalm: calm.matches,
    fontPx: parseFloat(getComputedStyle(document.documentElement).fontSize),
    numLetters: preferences.peek().isLarge ? 36 : 48,
    labelOf,
  });
}

/** As many canvas pixels as the screen shows, in the picture's shape. */
function fitCanvas(element: HTMLCanvasElement, shot: Shot | undefined): void {
  const width = shot?.header.width ?? 16;
  const height = shot?.header.height ?? 9;
  element.parentElement?.style.setProperty("--shape", (width / height).toFixed(4));
  const ratio = window.devicePixelRatio || 1;
  const wanted = Math.round(element.clientWidth * ratio);
  const tall = Math.round((wanted * height) / width);
  if (element.width !== wanted || element.height !== tall) {
    element.width = wanted;
    element.height = tall;
  }
}

function labelOf(item: ItemView | undefined): Label | undefined {
  const snapshot = basket.peek();
  if (!item || item.state === "checking") return { mark: "", text: t("state_checking"), price: "" };
  const ask = snapshot?.asks.find((open) => open.item_id === item.item_id);
  if (ask?.kind === "weigh") return { mark: "", text: t("state_weigh"), price: "" };
  if (item.state === "asking") return { mark: "?", text: t("state_which"), price: "" };
  if (item.state === "unknown") return { mark: "?", text: t("state_unknown"), price: "" };
  if (item.state === "left_behind") return { mark: "", text: t("state_left_behind"), price: "" };
  if (item.state === "ignored" || !snapshot) return undefined;
  return { mark: "✓", text: nameOf(item.sku_id, item.name), price: priceOf(item, snapshot) };
}

function priceOf(item: ItemView, snapshot: BasketSnapshot): string {
  if (snapshot.phase === "paid") return ""; // nobody shall think that it is charged again
  return item.amount_minor > 0 ? money(item.amount_minor, snapshot) : "";
}

/** If the shown camera goes away, show one that lives. The shopper may choose again at any time. */
function useLivingCamera(): void {
  const views = status.value?.cameras;
  const cameras = hello.value?.cameras;
  useEffect(() => {
    const isLive = (id: string) => views?.find((view) => view.camera_id === id)?.state === "live";
    if (!views || !cameras || isLive(camera.value)) return;
    const other = cameras.find(isLive);
    if (other) choose(other);
  }, [views, cameras]);
}

function choose(id: string): void {
  camera.value = id;
  watch([id]);
}

/** Beside the picture, never over it: what lies under a finger is hidden from nobody. */
export function CameraChoice() {
  const cameras = hello.value?.cameras ?? [];
  if (cameras.length < 2) return null;
  return (
    <div class="camera-choice" role="group" aria-label={t("counter_view")}>
      {cameras.map((id, index) => {
        const view = status.value?.cameras.find((other) => other.camera_id === id);
        const isAway = view !== undefined && view.state !== "live";
        return (
          <button
            key={id}
            type="button"
            class="camera-dot"
            aria-pressed={id === camera.value}
            aria-label={t("camera_choose", { number: index + 1 })}
            data-away={isAway || undefined}
            onClick={() => choose(id)}
          >
            {isAway ? <Icon name="camera_off" size="1.1em" /> : index + 1}
          </button>
        );
      })}
    </div>
  );
}
