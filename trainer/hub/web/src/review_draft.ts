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

/** Every open box becomes its best candidate; boxes without any stay open. */
export function acceptBest(draft: Draft): Draft {
  return mapBoxes(draft, (box) => {
    const [best] = box.candidates;
    return box.kind || !best ? box : { ...box, kind: "sku", skuId: best.sku_id, name: best.name };
  });
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
