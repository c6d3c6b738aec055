// Draws one frame with the outlines of its own boxes: round corners, a label that says what it is.
// Colour is never the only sign: every state has its own line and its own mark.

import type { Shot } from "./frames.ts";
import type { FrameBox } from "./wire.ts";
import type { ItemState, ItemView } from "./wire_types.ts";

export interface Label {
  readonly mark: string;
  readonly text: string;
  readonly price: string;
}

interface Look {
  readonly line: string;
  readonly fill: string;
  readonly ink: string;
  readonly dash: readonly number[];
}

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

const LOOKS: Record<Exclude<ItemState, "ignored">, Look> = {
  checking: { line: "#ffffff", fill: "rgb(16 24 20 / 78%)", ink: "#ffffff", dash: [10, 8] },
  charged: { line: "#3fe0a5", fill: "#08563f", ink: "#ffffff", dash: [] },
  asking: { line: "#ffb83d", fill: "#ffb83d", ink: "#2b1700", dash: [] },
  unknown: { line: "#ffb83d", fill: "#ffb83d", ink: "#2b1700", dash: [3, 7] },
  left_behind: { line: "#d8dedb", fill: "rgb(16 24 20 / 78%)", ink: "#ffffff", dash: [3, 7] },
};

const FONT = 'Inter, "SF Pro Text", "Segoe UI Variable", "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", system-ui, sans-serif';

export interface Drawing {
  readonly canvas: HTMLCanvasElement;
  readonly shot: Shot;
  readonly items: ReadonlyMap<number, ItemView>;
  readonly highlighted: string;
  readonly isCalm: boolean;
  labelOf(item: ItemView | undefined): Label | undefined;
}

export function drawShot(drawing: Drawing): void {
  const { canvas, shot } = drawing;
  const context = canvas.getContext("2d", { alpha: false });
  if (!context || canvas.width === 0) return;
  const ratio = window.devicePixelRatio || 1;
  context.imageSmoothingQuality = "high";
  context.drawImage(shot.bitmap, 0, 0, canvas.width, canvas.height);
  const boxes = shot.header.boxes.filter((box) => drawing.items.get(box[0])?.state !== "ignored");
  for (const box of boxes) outline(context, drawing, box, ratio);
  const taken: Rectangle[] = [];
  for (const box of boxes) label(context, drawing, box, ratio, taken);
}

function rectangleOf(box: FrameBox, canvas: HTMLCanvasElement): Rectangle {
  const [, x1, y1, x2, y2] = box;
  return {
    x: x1 * canvas.width,
    y: y1 * canvas.height,
    width: (x2 - x1) * canvas.width,
    height: (y2 - y1) * canvas.height,
  };
}

function lookOf(item: ItemView | undefined): Look {
  return item && item.state !== "ignored" ? LOOKS[item.state] : LOOKS.checking;
}

function outline(context: CanvasRenderingContext2D, drawing: Drawing, box: FrameBox, ratio: number): void {
  const item = drawing.items.get(box[0]);
  const look = lookOf(item);
  const isHighlighted = item !== undefined && item.item_id === drawing.highlighted;
  const { x, y, width, height } = rectangleOf(box, drawing.canvas);
  const path = new Path2D();
  path.roundRect(x, y, width, height, Math.min(14 * ratio, width / 3, height / 3));
  context.globalAlpha = box[6] ? 0.5 : 1;
  context.setLineDash([]);
  context.strokeStyle = "rgb(8 16 12 / 55%)";
  context.lineWidth = (isHighlighted ? 9 : 6) * ratio;
  context.stroke(path);
  context.setLineDash(look.dash.map((part) => part * ratio));
  context.lineDashOffset = drawing.isCalm || look.dash.length === 0 ? 0 : (-performance.now() / 40) * ratio;
  context.lineCap = "round";
  context.strokeStyle = look.line;
  context.lineWidth = (isHighlighted ? 5.5 : 3.5) * ratio;
  context.stroke(path);
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function label(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  box: FrameBox,
  ratio: number,
  taken: Rectangle[],
): void {
  const item = drawing.items.get(box[0]);
  const words = drawing.labelOf(item);
  if (!words) return;
  const look = lookOf(item);
  const size = Math.max(13, Math.min(18, drawing.canvas.width / ratio / 58)) * ratio;
  const padding = size * 0.6;
  const height = size * 1.9;
  context.font = `600 ${size}px ${FONT}`;
  const room = Math.max(8 * size, Math.min(15 * size, drawing.canvas.width * 0.3));
  const price = words.price ? `  ${words.price}` : "";
  const head = words.mark ? `${words.mark} ` : "";
  const text = head + fitted(context, words.text, room - context.measureText(price + head).width) + price;
  const width = Math.min(context.measureText(text).width + 2 * padding, drawing.canvas.width);
  const place = freePlace(rectangleOf(box, drawing.canvas), { width, height }, drawing.canvas, taken, ratio);
  taken.push(place);
  context.fillStyle = look.fill;
  context.beginPath();
  context.roundRect(place.x, place.y, width, height, height / 2);
  context.fill();
  context.fillStyle = look.ink;
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.fillText(text, place.x + width / 2, place.y + height / 2 + size * 0.04);
}

/** Above the box, else inside it, else below: the first place no other label has. */
function freePlace(
  box: Rectangle,
  size: { width: number; height: number },
  canvas: HTMLCanvasElement,
  taken: readonly Rectangle[],
  ratio: number,
): Rectangle {
  const gap = 6 * ratio;
  const x = Math.max(gap, Math.min(canvas.width - size.width - gap, box.x + (box.width - size.width) / 2));
  const rows = [box.y - size.height - gap, box.y + gap * 2, box.y + box.height + gap, box.y + box.height - size.height - gap * 2];
  const places = rows
    .map((y) => ({ x, y, ...size }))
    .filter((place) => place.y >= gap && place.y + size.height <= canvas.height - gap);
  const free = places.find((place) => !taken.some((other) => isOverlapping(place, other)));
  return free ?? places[0] ?? { x, y: gap, ...size };
}

function isOverlapping(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 4 && context.measureText(`${text.slice(0, end)}…`).width > room) end -= 1;
  return `${text.slice(0, end).trimEnd()}…`;
}
