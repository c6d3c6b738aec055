// Pictures of a version: what teaches, by split, store and product; what was left out, by reason.

import { useEffect, useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import { Meter } from "@tillsight/web-shared/meter.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { address, ask } from "../api.ts";
import type { DatasetDetails, ItemRow, QuarantineRow } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { numberText } from "../run_words.tsx";
import { codeText, t } from "../texts.ts";
import { Picture } from "./picture.tsx";

const PAGE = 24;
const SPLITS = ["", "train", "validation", "test"] as const;

export function pictureAt(version: string, picture: string): string {
  return picture && address("/api/v1/datasets/{version}/pictures/{picture}", { version, picture });
}

interface TileProps {
  version: string;
  picture: string;
  title: string;
  hint: string;
}

/** A picture that leads to everything that is known of it. */
export function PictureTile({ version, picture, title, hint }: TileProps) {
  const shown = (
    <>
      <Picture src={pictureAt(version, picture)} size="large" />
      <span>{title}</span>
      <span class="hint block">{hint}</span>
    </>
  );
  return (
    <li class="picture-tile">
      {picture ? (
        <a href={`/why?picture=${picture}`} title={t("set_picture_why")}>
          {shown}
        </a>
      ) : (
        shown
      )}
    </li>
  );
}

export function DatasetPictures({ of }: { of: DatasetDetails }) {
  const [split, setSplit] = useState("");
  const [sku, setSku] = useState("");
  const key = `${of.version_id}|${split}|${sku}`;
  const list = useParts<ItemRow>(key, async (after) =>
    ask("GET /api/v1/datasets/{version}/items", {
      path: { version: of.version_id },
      query: { ...(split ? { split: split as "train" | "validation" | "test" } : {}), sku_id: sku.trim(), after, limit: PAGE },
    }),
  );
  return (
    <section class="panel" aria-label={t("set_pictures")}>
      <div class="panel-head">
        <h2>{t("set_pictures")}</h2>
      </div>
      <div class="tools">
        <Select
          label={t("set_split")}
          value={split}
          options={SPLITS.map((value) => ({ value, label: value ? t(`set_split_${value}`) : t("all") }))}
          onChoose={setSplit}
        />
        <TextField label={t("sku_sku_id")} value={sku} onInput={setSku} placeholder={t("all")} />
      </div>
      <ul class="picture-grid">
        {list.items.map((item) => (
          <PictureTile
            key={item.position}
            version={of.version_id}
            picture={item.picture}
            title={item.skus.filter(Boolean).join(", ") || t("set_no_label")}
            hint={[t(`set_split_${item.split}`), item.store_id, item.day].filter(Boolean).join(" · ")}
          />
        ))}
      </ul>
      <Rest list={list} />
    </section>
  );
}

export function QuarantinePanel({ of }: { of: DatasetDetails }) {
  const [reason, setReason] = useState("");
  const reasons = Object.entries(of.quarantined_by_reason);
  const most = Math.max(1, ...reasons.map(([, count]) => count));
  const list = useParts<QuarantineRow>(`${of.version_id}|${reason}`, async (after) =>
    ask("GET /api/v1/datasets/{version}/quarantine", { path: { version: of.version_id }, query: { reason, after, limit: PAGE } }),
  );
  return (
    <section class="panel" aria-label={t("set_quality")}>
      <div class="panel-head">
        <h2>{t("set_quality")}</h2>
        <span class="hint">{t("set_left_out", { count: of.counts["quarantined"] ?? 0, total: (of.counts["items"] ?? 0) + (of.counts["quarantined"] ?? 0) })}</span>
      </div>
      {reasons.length === 0 && <p class="hint">{t("set_nothing_left_out")}</p>}
      <ul class="reason-list">
        {reasons.map(([code, count]) => (
          <li key={code}>
            <button type="button" class="reason" aria-pressed={reason === code} onClick={() => setReason(reason === code ? "" : code)} title={code}>
              <Meter label={qualityText(code)} share={count / most} text={numberText(count)} tone="ask" />
            </button>
          </li>
        ))}
      </ul>
      <ul class="picture-grid">
        {list.items.map((one) => (
          <PictureTile
            key={one.position}
            version={of.version_id}
            picture={one.reasons.includes("quality.blind_basket") ? "" : one.picture}
            title={one.reasons.map(qualityText).join(", ")}
            hint={[one.source_id, one.camera_id].filter(Boolean).join(" · ")}
          />
        ))}
      </ul>
      <Rest list={list} />
    </section>
  );
}

export function qualityText(code: string): string {
  return codeText("set", code.replace(".", "_"));
}

interface Parts<T> {
  readonly items: readonly T[];
  readonly fault: string;
  readonly more: (() => void) | undefined;
}

/** A list that is fetched part by part. */
function useParts<T>(key: string, fetchPart: (after: number) => Promise<{ readonly items: readonly T[]; readonly after: number }>): Parts<T> {
  const [state, setState] = useState<{ items: readonly T[]; after: number; fault: string }>({ items: [], after: -1, fault: "" });
  async function load(after: number, isWanted: () => boolean): Promise<void> {
    try {
      const page = await fetchPart(after);
      if (isWanted()) setState((old) => ({ items: after < 0 ? page.items : [...old.items, ...page.items], after: page.after, fault: "" }));
    } catch (error) {
      if (isWanted()) setState((old) => ({ ...old, fault: faultText(error) }));
    }
  }
  useEffect(() => {
    let isHere = true;
    void load(-1, () => isHere);
    return () => {
      isHere = false;
    };
  }, [key]);
  return { items: state.items, fault: state.fault, more: state.after >= 0 ? () => void load(state.after, () => true) : undefined };
}

function Rest({ list }: { list: Parts<unknown> }) {
  return (
    <>
      {list.fault && <p class="fault" role="alert">{list.fault}</p>}
      {list.more && (
        <Button kind="soft" onPress={list.more}>
          {t("set_more_pictures")}
        </Button>
      )}
    </>
  );
}
