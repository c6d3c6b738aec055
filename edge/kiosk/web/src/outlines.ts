// Draws one frame with the outlines of its own boxes: round corners, a label that says what it is.
// Colour is never the only sign: every state has its own line and its own mark.

import type { Shot } from "./frames.ts";
import { direction } from "./texts.ts";
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
  readonly fontPx: number;
  /** The picture is at least so many letters wide: larger words would hide the goods. */
  readonly numLetters: number;
  labelOf(item: ItemView | undefined): Label | undefined;
}

export function drawShot(drawing: Drawing): void {
  const { canvas, shot } = drawing;
  const context = canvas.getContext("2d", { alpha: false });
  if (!context || canvas.width === 0) return;
  const ratio = window.devicePixelRatio || 1;
  context.drawImage(shot.bitmap, 0, 0, canvas.width, canvas.height);
  const boxes = shot.header.boxes.filter((box) => isShown(box, drawing.items.get(box[0])));
  for (const box of boxes) outline(context, drawing, box, ratio);
  const taken: Rectangle[] = [];
  for (const box of boxes) {
    const others = boxes.filter((other) => other !== box).map((other) => rectangleOf(other, canvas));
    label(context, drawing, box, ratio, taken, others);
  }
}

/** What moves and is no item yet is a hand, or on its way: it gets no outline. */
function isShown(box: FrameBox, item: ItemView | undefined): boolean {
  return item ? item.state !== "ignored" : box[5] === 1;
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
  others: readonly Rectangle[],
): void {
  const item = drawing.items.get(box[0]);
  const words = drawing.labelOf(item);
  if (!words) return;
  const { canvas } = drawing;
  const size = Math.max(13, Math.min(drawing.fontPx * 0.85, canvas.width / ratio / drawing.numLetters)) * ratio;
  context.font = `600 ${size}px ${FONT}`;
  const placed = bestLabel(context, words, size, rectangleOf(box, canvas), { canvas, ratio, taken, others });
  const look = lookOf(item);
  taken.push(placed.place);
  context.fillStyle = look.fill;
  context.beginPath();
  context.roundRect(placed.place.x, placed.place.y, placed.place.width, placed.place.height, placed.place.height / 2);
  context.fill();
  context.fillStyle = look.ink;
  context.textBaseline = "middle";
  context.textAlign = "center";
  const { x, y, width, height } = placed.place;
  context.fillText(placed.text, x + width / 2, y + height / 2 + size * 0.04);
}

interface Surroundings {
  readonly canvas: HTMLCanvasElement;
  readonly ratio: number;
  readonly taken: readonly Rectangle[];
  readonly others: readonly Rectangle[];
}

/** Name and price where there is room; the price alone rather than words over another item. */
function bestLabel(
  context: CanvasRenderingContext2D,
  words: Label,
  size: number,
  box: Rectangle,
  around: Surroundings,
): { text: string; place: Rectangle } {
  const head = words.mark ? `${words.mark} ` : "";
  const price = words.price ? `  ${isolated(words.price)}` : "";
  const room = Math.max(7 * size, Math.min(14 * size, around.canvas.width * 0.3));
  const texts = [head + isolated(fitted(context, words.text, room)) + price];
  if (words.price) texts.push(head + isolated(words.price));
  let best = { text: "", place: box, cost: Infinity };
  texts.forEach((text, shortness) => {
    const width = context.measureText(text).width + size * 1.3;
    const height = size * 1.9;
    for (const [order, place] of placesFor(box, width, height, around).entries()) {
      const cost = costOf(place, around) + (shortness * 0.35 + order * 0.05) * width * height;
      if (cost < best.cost) best = { text, place, cost };
    }
  });
  return best;
}

/** Above, inside at the top, below, inside at the bottom; kept within the picture. */
function placesFor(box: Rectangle, width: number, height: number, { canvas, ratio }: Surroundings): Rectangle[] {
  const gap = 5 * ratio;
  const x = Math.max(gap, Math.min(canvas.width - width - gap, box.x + (box.width - width) / 2));
  const rows = [
    box.y - height - gap,
    box.y + gap * 2,
    box.y + box.height + gap,
    box.y + box.height - height - gap * 2,
  ];
  return rows.map((y) => ({ x, y: Math.max(gap, Math.min(canvas.height - height - gap, y)), width, height }));
}

/** Square pixels of other labels, counted double and more, and of other items under this place. */
function costOf(place: Rectangle, { taken, others }: Surroundings): number {
  const labels = taken.reduce((sum, other) => sum + overlap(place, other), 0);
  const items = others.reduce((sum, other) => sum + overlap(place, other), 0);
  return labels * 6 + items;
}

function overlap(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}

/** Keeps a name and a price each in one piece, whatever their letters. */
function isolated(text: string): string {
  return `${direction.value === "rtl" ? "\u2067" : "\u2066"}${text}\u2069`;
}

function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 4 && context.measureText(`${text.slice(0, end)}…`).width > room) end -= 1;
  return `${text.slice(0, end).trimEnd()}…`;
}
