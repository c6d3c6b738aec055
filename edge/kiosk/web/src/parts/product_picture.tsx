// A catalogue picture, or a calm tile with the first letters where there is none.

import { useState } from "preact/hooks";
import { pictureUrl, productOf } from "../catalogue.ts";

export function ProductPicture({ skuId, picture, name }: { skuId: string; picture: string; name: string }) {
  const [failed, setFailed] = useState("");
  const source = picture || productOf(skuId)?.picture || "";
  if (!source || failed === source) {
    return (
      <span class={`picture picture-letters tint-${tintOf(skuId)}`} aria-hidden="true">
        {lettersOf(name)}
      </span>
    );
  }
  return (
    <span class="picture">
      <img src={pictureUrl(source)} alt="" decoding="async" onError={() => setFailed(source)} />
    </span>
  );
}

function lettersOf(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return words.slice(0, 2).map((word) => word[0]?.toLocaleUpperCase()).join("");
}

function tintOf(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.charCodeAt(0)) % 997;
  return sum % 6;
}
