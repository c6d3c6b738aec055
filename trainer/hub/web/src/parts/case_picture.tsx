// One camera's picture with its boxes: choose, drag, resize by the corners, draw a missing one.

import { useRef, useState } from "preact/hooks";
import type { TargetedPointerEvent } from "preact";
import type { DraftBox, DraftPicture, Xyxy } from "../review_draft.ts";
import { inside, shownName } from "../review_draft.ts";
import { BoxName } from "./box_name.tsx";
import { t } from "../texts.ts";

interface Props {
  picture: DraftPicture;
  chosen: string;
  isDrawing: boolean;
  onChoose: (itemId: string) => void;
  onMove: (itemId: string, xyxy: Xyxy) => void;
  onDraw: (xyxy: Xyxy) => void;
}

/** What the pointer holds: a whole box, one corner of it, or a new one being drawn. */
interface Held {
  readonly itemId: string;
  readonly corner: number;
  readonly from: readonly [number, number];
  readonly start: Xyxy;
}

const NEW = "";
const WHOLE = -1;

export function CasePicture({ picture, chosen, isDrawing, onChoose, onMove, onDraw }: Props) {
  const stage = useRef<SVGSVGElement>(null);
  const held = useRef<Held | null>(null);
  const [shown, setShown] = useState<{ itemId: string; xyxy: Xyxy } | null>(null);

  function pointOf(event: PointerEvent): readonly [number, number] {
    const frame = stage.current?.getBoundingClientRect();
    if (!frame) return [0, 0];
    return [
      ((event.clientX - frame.left) / frame.width) * picture.width,
      ((event.clientY - frame.top) / frame.height) * picture.height,
    ];
  }

  function grab(event: TargetedPointerEvent<SVGElement>, itemId: string, corner: number, start: Xyxy): void {
    event.stopPropagation();
    stage.current?.setPointerCapture(event.pointerId);
    held.current = { itemId, corner, from: pointOf(event), start };
    if (itemId) onChoose(itemId);
  }

  function drag(event: PointerEvent): void {
    if (!held.current) return;
    const point = pointOf(event);
    setShown({ itemId: held.current.itemId, xyxy: inside(dragged(held.current, point), picture) });
  }

  function drop(): void {
    const done = held.current;
    held.current = null;
    setShown(null);
    if (!done || !shown) return;
    if (done.itemId === NEW) onDraw(shown.xyxy);
    else onMove(done.itemId, shown.xyxy);
  }

  const stroke = picture.width / 320;
  return (
    <div class="case-stage" style={{ aspectRatio: `${picture.width} / ${picture.height}`, "--ratio": picture.width / picture.height }}>
      <img src={picture.url} alt={t("picture_of", { camera: picture.cameraId })} draggable={false} />
      <svg
        ref={stage}
        viewBox={`0 0 ${picture.width} ${picture.height}`}
        class={isDrawing ? "drawing" : ""}
        role="group"
        aria-label={t("boxes_in_picture")}
        onPointerDown={(event) => isDrawing && grab(event, NEW, WHOLE, startAt(pointOf(event)))}
        onPointerMove={drag}
        onPointerUp={drop}
        onPointerCancel={drop}
      >
        {picture.boxes.map((box, index) => (
          <BoxShape
            key={box.itemId}
            index={index}
            height={picture.height}
            box={shown?.itemId === box.itemId ? { ...box, xyxy: shown.xyxy } : box}
            isChosen={box.itemId === chosen}
            stroke={stroke}
            onGrab={(event, corner) => !isDrawing && grab(event, box.itemId, corner, box.xyxy)}
          />
        ))}
        {shown?.itemId === NEW && <rect class="case-box case-new" {...rectOf(shown.xyxy)} stroke-width={stroke * 1.5} />}
      </svg>
    </div>
  );
}

interface ShapeProps {
  box: DraftBox;
  index: number;
  height: number;
  isChosen: boolean;
  stroke: number;
  onGrab: (event: TargetedPointerEvent<SVGElement>, corner: number) => void;
}

function BoxShape({ box, index, height, isChosen, stroke, onGrab }: ShapeProps) {
  const [x1, y1, x2, y2] = box.xyxy;
  const corners = [[x1, y1], [x2, y1], [x1, y2], [x2, y2]] as const;
  const size = stroke * 8;
  return (
    <g class={`case-item ${isChosen ? "is-chosen" : ""}`} data-kind={box.kind || "open"} data-item={box.itemId}>
      <rect class="case-box" {...rectOf(box.xyxy)} stroke-width={stroke * (isChosen ? 2.4 : 1.4)} onPointerDown={(event) => onGrab(event, WHOLE)} />
      <BoxName text={shownName(box)} xyxy={box.xyxy} stroke={stroke} index={index} height={height} />
      {isChosen &&
        corners.map(([x, y], corner) => (
          <rect
            key={corner}
            class="case-corner"
            data-corner={corner}
            x={x - size / 2}
            y={y - size / 2}
            width={size}
            height={size}
            rx={size / 4}
            onPointerDown={(event) => onGrab(event, corner)}
          />
        ))}
    </g>
  );
}

function rectOf([x1, y1, x2, y2]: Xyxy) {
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}

function startAt([x, y]: readonly [number, number]): Xyxy {
  return [x, y, x, y];
}

function dragged({ itemId, corner, from, start }: Held, [x, y]: readonly [number, number]): Xyxy {
  const [dx, dy] = [x - from[0], y - from[1]];
  const [x1, y1, x2, y2] = start;
  if (itemId === NEW) return [from[0], from[1], x, y];
  if (corner === WHOLE) return [x1 + dx, y1 + dy, x2 + dx, y2 + dy];
  const isRight = corner % 2 === 1;
  const isLow = corner >= 2;
  return [isRight ? x1 : x1 + dx, isLow ? y1 : y1 + dy, isRight ? x2 + dx : x2, isLow ? y2 + dy : y2];
}
