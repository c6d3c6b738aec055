// The name over a box of a picture, or below it: every second one, and where there is no room above; towards the middle at the right edge.

import type { Xyxy } from "../review_draft.ts";

const WIDTH_STROKES = 320; // a picture is so many strokes wide

interface Props {
  text: string;
  xyxy: Xyxy;
  /** The picture's width by 320: everything is drawn in this measure. */
  stroke: number;
  /** Its place among the boxes of the picture, and the picture's height: neighbours do not write over each other. */
  index: number;
  height: number;
}

export function BoxName({ text, xyxy: [x1, y1, x2, y2], stroke, index, height }: Props) {
  if (!text) return null;
  const size = stroke * 8;
  const isRight = (x1 + x2) / 2 > stroke * WIDTH_STROKES * 0.6;
  const hasRoomBelow = y2 + size * 1.4 < height;
  const isBelow = y1 < size * 1.6 || (index % 2 === 1 && hasRoomBelow);
  return (
    <text
      class="case-name"
      x={isRight ? x2 - stroke * 2 : x1 + stroke * 2}
      y={isBelow ? y2 + size * 1.1 : y1 - stroke * 2.5}
      text-anchor={isRight ? "end" : "start"}
      font-size={size}
      stroke-width={stroke * 2.4}
    >
      {text}
    </text>
  );
}
