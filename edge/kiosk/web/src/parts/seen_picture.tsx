// An item as the camera saw it: the crop this page cut itself, else the box's, else a calm sign.

import { Icon } from "@tillsight/web-shared/icon.tsx";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { cropOf } from "../frames.ts";
import { laneQuery } from "../live.ts";
import { t } from "../texts.ts";

export function SeenPicture({ itemId, children }: { itemId: string; children?: ComponentChildren }) {
  const [failed, setFailed] = useState("");
  const own = cropOf(itemId);
  const lane = new URLSearchParams({ lane: laneQuery });
  const source = own || `/api/items/${encodeURIComponent(itemId)}/crop?${lane}`;
  if (failed === source) {
    return (
      <span class="picture picture-none">
        <Icon name="question" size="2.2rem" />
        {children}
      </span>
    );
  }
  return (
    <span class="picture picture-seen">
      <img src={source} alt={t("ask_picture")} onError={() => setFailed(source)} />
    </span>
  );
}
