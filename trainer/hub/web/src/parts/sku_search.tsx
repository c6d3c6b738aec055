// Finds an SKU by a few letters or its barcode, with pictures; Enter takes the first.

import { useEffect, useState } from "preact/hooks";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { ask } from "../api.ts";
import type { SkuReply } from "../api_types.ts";
import { nameOf, pictureOf } from "../sku_words.ts";
import { t } from "../texts.ts";
import { Picture } from "./picture.tsx";

const PAUSE_MS = 100;
const NUM_SHOWN = 12;

export function SkuSearch({ onPick }: { onPick: (sku: SkuReply) => void }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<readonly SkuReply[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      ask("GET /api/v1/skus", { query: { q: text.trim(), limit: NUM_SHOWN } }, stop.signal)
        .then((page) => setFound(page.items))
        .catch((error: unknown) => stop.signal.aborted || console.warn("search failed", error));
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (found[0]) onPick(found[0]);
      }}
    >
      <TextField label={t("search_skus")} type="search" value={text} onInput={setText} autoFocus />
      <ul class="sku-tiles">
        {found.map((sku) => (
          <li key={sku.sku_id}>
            <button type="button" class="sku-tile" onClick={() => onPick(sku)}>
              <Picture src={sku.has_picture ? pictureOf(sku) : ""} size="large" />
              <span>{nameOf(sku)}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="hint">{t("nothing_found")}</p>}
    </form>
  );
}
