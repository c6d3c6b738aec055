// A small picture, or its sign where there is none or it cannot be loaded.

import { useState } from "preact/hooks";
import { Icon } from "@tillsight/web-shared/icon.tsx";

export function Picture({ src, alt = "", size = "small" }: { src: string; alt?: string; size?: "small" | "large" }) {
  const [broken, setBroken] = useState("");
  if (!src || broken === src) {
    return (
      <span class={`picture picture-${size}`}>
        <Icon name="basket" />
      </span>
    );
  }
  return <img class={`picture picture-${size}`} src={src} alt={alt} loading="lazy" onError={() => setBroken(src)} />;
}
