// The latest picture of each camera, drawn with its own boxes; crops of items while they are seen.
// A frame is acknowledged only after it is on the glass, which is what paces the server.

import { signal } from "@preact/signals";
import { basket } from "./state.ts";
import type { Frame, FrameHeader } from "./wire.ts";
import type { ItemView } from "./wire_types.ts";

export interface Shot {
  readonly header: FrameHeader;
  readonly bitmap: ImageBitmap;
}

const MAX_CROPS = 40; // a full counter and the trays before it; about 100 kB each
const CROP_PX = 240;
const CROP_MARGIN = 0.14;

const shots = new Map<string, Shot>();
const painters = new Set<(shot: Shot) => void>();
const crops = new Map<string, string>();

/** Grows with every new crop, so that what shows one is drawn again. */
export const cropVersion = signal(0);

let acknowledge: (header: FrameHeader) => void = () => undefined;

export function onAcknowledge(callback: (header: FrameHeader) => void): void {
  acknowledge = callback;
}

export async function receiveFrame({ header, jpeg }: Frame): Promise<void> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  } catch {
    acknowledge(header); // a torn picture is skipped, the next one comes
    return;
  }
  const shot = { header, bitmap };
  shots.get(header.camera_id)?.bitmap.close();
  shots.set(header.camera_id, shot);
  cutMissingCrops(shot);
  requestAnimationFrame(() => {
    if (shots.get(header.camera_id) === shot) for (const paint of painters) paint(shot);
    acknowledge(header);
  });
}

export function lastShot(cameraId: string): Shot | undefined {
  return shots.get(cameraId);
}

export function addPainter(paint: (shot: Shot) => void): () => void {
  painters.add(paint);
  return () => painters.delete(paint);
}

/** Which item a box shows, by the tracks the basket knows. */
export function itemsByTrack(cameraId: string): Map<number, ItemView> {
  const found = new Map<number, ItemView>();
  for (const item of basket.value?.items ?? []) {
    for (const [camera, track] of item.tracks) if (camera === cameraId) found.set(track, item);
  }
  return found;
}

/** The picture of an item as the camera saw it, or undefined. */
export function cropOf(itemId: string): string | undefined {
  void cropVersion.value;
  return crops.get(itemId);
}

function cutMissingCrops(shot: Shot): void {
  const items = itemsByTrack(shot.header.camera_id);
  for (const [track, x1, y1, x2, y2, isResting, isOccluded] of shot.header.boxes) {
    const item = items.get(track);
    if (item && isResting && !isOccluded && !crops.has(item.item_id)) {
      keepCrop(item.item_id, cut(shot.bitmap, x1, y1, x2, y2));
    }
  }
}

function keepCrop(itemId: string, canvas: HTMLCanvasElement): void {
  crops.set(itemId, "");
  canvas.toBlob((blob) => {
    if (!blob) return;
    crops.set(itemId, URL.createObjectURL(blob));
    for (const [oldest, url] of crops) {
      if (crops.size <= MAX_CROPS) break;
      URL.revokeObjectURL(url);
      crops.delete(oldest);
    }
    cropVersion.value += 1;
  }, "image/jpeg", 0.85);
}

function cut(bitmap: ImageBitmap, x1: number, y1: number, x2: number, y2: number): HTMLCanvasElement {
  const dx = (x2 - x1) * CROP_MARGIN;
  const dy = (y2 - y1) * CROP_MARGIN;
  const left = Math.max(0, x1 - dx) * bitmap.width;
  const top = Math.max(0, y1 - dy) * bitmap.height;
  const width = Math.max(1, Math.min(1, x2 + dx) * bitmap.width - left);
  const height = Math.max(1, Math.min(1, y2 + dy) * bitmap.height - top);
  const scale = CROP_PX / Math.max(width, height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d")?.drawImage(bitmap, left, top, width, height, 0, 0, canvas.width, canvas.height);
  return canvas;
}
