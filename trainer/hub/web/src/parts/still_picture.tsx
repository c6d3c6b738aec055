// A picture of a case with boxes and names over it, only to look at.

import type { CaseReply } from "../api_types.ts";
import { t } from "../texts.ts";
import { BoxName } from "./box_name.tsx";

export interface StillBox {
  readonly id: string;
  readonly xyxy: readonly [number, number, number, number];
  /** sku, not_item, unknown or open: colours in review.css. */
  readonly kind: string;
  readonly name: string;
}

export function StillPicture({ picture, boxes }: { picture: CaseReply["pictures"][number]; boxes: readonly StillBox[] }) {
  const stroke = picture.width / 320;
  const words = boxes.map((box) => box.name).filter(Boolean).join(", ");
  return (
    <figure class="still">
      <div class="strip-picture" style={{ "--ratio": picture.width / picture.height }}>
        <img src={picture.url} alt={t("picture_of", { camera: picture.camera_id })} />
        <svg viewBox={`0 0 ${picture.width} ${picture.height}`} role="img" aria-label={words || t("boxes_in_picture")}>
          {boxes.map(({ id, kind, name, xyxy: [x1, y1, x2, y2] }, index) => (
            <g key={id} class="case-item" data-kind={kind}>
              <rect class="case-box" x={x1} y={y1} width={x2 - x1} height={y2 - y1} stroke-width={stroke * 1.6} />
              <BoxName text={name} xyxy={[x1, y1, x2, y2]} stroke={stroke} index={index} height={picture.height} />
            </g>
          ))}
        </svg>
      </div>
      <figcaption class="hint">{picture.camera_id}</figcaption>
    </figure>
  );
}
