// What a reviewer has said about one case so far. Pure: every change gives a new draft.

import type { AnswerRequest, CandidateReply, CaseReply } from "./api_types.ts";

export type Xyxy = readonly [number, number, number, number];
export type Kind = "sku" | "not_item" | "unknown";

export interface DraftBox {
  readonly itemId: string;
  readonly xyxy: Xyxy;
  readonly kind: Kind | "";
  readonly skuId: string;
  readonly name: string;
  /** What the shopper answered at the counter; empty where nobody was asked. */
  readonly answered: string;
  readonly candidates: readonly CandidateReply[];
  readonly isDrawn: boolean;
}

export interface DraftPicture {
  readonly cameraId: string;
  readonly width: number;
  readonly height: number;
  readonly url: string;
  readonly boxes: readonly DraftBox[];
}

export type Draft = readonly DraftPicture[];

export interface Verdict {
  readonly kind: Kind;
  readonly skuId?: string;
  readonly name?: string;
}

const MIN_SIDE_PX = 6;

export function draftOf(found: CaseReply): Draft {
  return found.pictures.map((picture) => ({
    cameraId: picture.camera_id,
    width: picture.width,
    height: picture.height,
    url: picture.url,
    boxes: picture.items.map((item) => ({
      itemId: item.item_id,
      xyxy: item.xyxy,
      kind: "" as const,
      skuId: "",
      name: "",
      answered: item.answered,
      candidates: item.candidates,
      isDrawn: false,
    })),
  }));
}

/** An item that several cameras see is judged once; a mere track is a name within one camera. */
export function judge(draft: Draft, cameraId: string, itemId: string, { kind, skuId = "", name = "" }: Verdict): Draft {
  const isShared = !itemId.startsWith("track-");
  return mapBoxes(draft, (box, picture) =>
    box.itemId === itemId && (isShared || picture.cameraId === cameraId) ? { ...box, kind, skuId, name } : box,
  );
}

export function move(draft: Draft, cameraId: string, itemId: string, xyxy: Xyxy): Draft {
  return draft.map((picture) =>
    picture.cameraId === cameraId
      ? { ...picture, boxes: picture.boxes.map((box) => (box.itemId === itemId ? { ...box, xyxy: inside(xyxy, picture) } : box)) }
      : picture,
  );
}

export function draw(draft: Draft, cameraId: string, itemId: string, xyxy: Xyxy): Draft {
  return draft.map((picture) => {
    if (picture.cameraId !== cameraId) return picture;
    const box: DraftBox = {
      itemId,
      xyxy: inside(xyxy, picture),
      kind: "",
      skuId: "",
      name: "",
      answered: "",
      candidates: [],
      isDrawn: true,
    };
    return { ...picture, boxes: [...picture.boxes, box] };
  });
}

/** Drawn boxes can be taken away; those of the box are judged "not an item" instead. */
export function erase(draft: Draft, itemId: string): Draft {
  return draft.map((picture) => ({ ...picture, boxes: picture.boxes.filter((box) => !(box.isDrawn && box.itemId === itemId)) }));
}

/** A box that holds two things is cut across its longer side; the second half is a box of its own. */
export function split(draft: Draft, cameraId: string, itemId: string, newId: string): Draft {
  return draft.map((picture) => {
    const whole = picture.boxes.find((box) => box.itemId === itemId);
    if (picture.cameraId !== cameraId || !whole) return picture;
    const [x1, y1, x2, y2] = whole.xyxy;
    const isWide = x2 - x1 >= y2 - y1;
    const middle = Math.round(isWide ? (x1 + x2) / 2 : (y1 + y2) / 2);
    const first: Xyxy = isWide ? [x1, y1, middle, y2] : [x1, y1, x2, middle];
    const second: Xyxy = isWide ? [middle, y1, x2, y2] : [x1, middle, x2, y2];
    const open = { kind: "" as const, skuId: "", name: "" };
    const halves: readonly DraftBox[] = [
      { ...whole, ...open, xyxy: inside(first, picture) },
      { ...whole, ...open, xyxy: inside(second, picture), itemId: newId, answered: "", isDrawn: true },
    ];
    return { ...picture, boxes: picture.boxes.flatMap((box) => (box === whole ? halves : [box])) };
  });
}

/** Two boxes of one thing become one round both; a proposal that is left over is "not an item". */
export function merge(draft: Draft, cameraId: string, itemId: string, otherId: string): Draft {
  return draft.map((picture) => {
    const kept = picture.boxes.find((box) => box.itemId === itemId);
    const other = picture.boxes.find((box) => box.itemId === otherId);
    if (picture.cameraId !== cameraId || !kept || !other || kept === other) return picture;
    const [a, b] = [kept.xyxy, other.xyxy];
    const both: Xyxy = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
    const boxes = picture.boxes
      .filter((box) => box !== other || !other.isDrawn)
      .map((box) => (box === kept ? { ...box, xyxy: both } : box === other ? { ...box, kind: "not_item" as const, skuId: "", name: "" } : box));
    return { ...picture, boxes };
  });
}

/** The other box of the picture whose middle is nearest; those that are "not an item" are no candidates. */
export function nearestBox(picture: DraftPicture, itemId: string): DraftBox | undefined {
  const from = picture.boxes.find((box) => box.itemId === itemId);
  if (!from) return undefined;
  const middle = ({ xyxy: [x1, y1, x2, y2] }: DraftBox) => [(x1 + x2) / 2, (y1 + y2) / 2] as const;
  const [fx, fy] = middle(from);
  const far = (box: DraftBox) => Math.hypot(middle(box)[0] - fx, middle(box)[1] - fy);
  return picture.boxes.filter((box) => box !== from && box.kind !== "not_item").sort((a, b) => far(a) - far(b))[0];
}

/** Every open box becomes its best candidate; boxes without any stay open. */
export function acceptBest(draft: Draft): Draft {
  return mapBoxes(draft, (box) => {
    const [best] = box.candidates;
    return box.kind || !best ? box : { ...box, kind: "sku", skuId: best.sku_id, name: best.name };
  });
}

/** What was said of a box; of an open one what Enter would say, with a question mark. */
export function shownName(box: DraftBox): string {
  const [best] = box.candidates;
  return box.kind || !best ? box.name : `${best.name}?`;
}

export function openBoxes(draft: Draft): readonly { readonly picture: DraftPicture; readonly box: DraftBox }[] {
  return draft.flatMap((picture) => picture.boxes.filter((box) => !box.kind).map((box) => ({ picture, box })));
}

export function answerOf(draft: Draft, seconds: number): AnswerRequest {
  return {
    seconds,
    pictures: draft.map((picture) => ({
      camera_id: picture.cameraId,
      boxes: picture.boxes.map((box) => ({
        item_id: box.itemId,
        xyxy: [...box.xyxy] as [number, number, number, number],
        kind: box.kind || "unknown",
        sku_id: box.skuId,
      })),
    })),
  };
}

/** Corners in order, on whole pixels, never outside the picture and never too small to see. */
export function inside([ax, ay, bx, by]: Xyxy, { width, height }: Pick<DraftPicture, "width" | "height">): Xyxy {
  const clamp = (value: number, top: number) => Math.round(Math.min(top, Math.max(0, value)));
  const left = clamp(Math.min(ax, bx), width - MIN_SIDE_PX);
  const top = clamp(Math.min(ay, by), height - MIN_SIDE_PX);
  const right = Math.max(left + MIN_SIDE_PX, clamp(Math.max(ax, bx), width));
  const bottom = Math.max(top + MIN_SIDE_PX, clamp(Math.max(ay, by), height));
  return [left, top, right, bottom];
}

function mapBoxes(draft: Draft, change: (box: DraftBox, picture: DraftPicture) => DraftBox): Draft {
  return draft.map((picture) => ({ ...picture, boxes: picture.boxes.map((box) => change(box, picture)) }));
}
