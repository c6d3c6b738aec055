// What a version is made of: its figures, and its pictures per split, store and source as bars.

import { ask } from "../api.ts";
import type { DatasetDetails } from "../api_types.ts";
import { useResource } from "../resource.ts";
import { numberText } from "../run_words.tsx";
import { codeText, t } from "../texts.ts";
import { Loaded } from "./page.tsx";

const SPLITS = ["train", "validation", "test"] as const;
const FIGURES = ["items", "boxes", "skus", "weak_boxes", "quarantined"] as const;

type Shares = Readonly<Record<string, Readonly<Record<string, number>>>>;

export function Counts({ of }: { of: DatasetDetails }) {
  return (
    <div class="tiles">
      {FIGURES.map((figure) => (
        <div key={figure} class={`tile ${figure === "quarantined" && of.counts[figure] ? "tile-ask" : ""}`}>
          <span class="tile-figure">{numberText(of.counts[figure] ?? 0)}</span>
          <span class="tile-name">{t(`set_num_${figure}`)}</span>
        </div>
      ))}
    </div>
  );
}

export function SharesPanel({ version }: { version: string }) {
  const shares = useResource(version, (stop) => ask("GET /api/v1/datasets/{version}/shares", { path: { version } }, stop));
  return (
    <section class="panel" aria-label={t("set_shares")}>
      <div class="panel-head">
        <h2>{t("set_shares")}</h2>
        <Legend />
      </div>
      <Loaded from={shares}>
        {(found) => (
          <>
            <Bars title={t("set_whole")} shares={{ "": total(found.sources) }} name={() => t("all")} />
            <Bars title={t("set_per_store")} shares={found.stores} name={(store) => store || t("set_no_store")} />
            <Bars title={t("set_per_source")} shares={found.sources} name={(source) => codeText("set_source", source)} />
          </>
        )}
      </Loaded>
    </section>
  );
}

function Legend() {
  return (
    <span class="row share-legend">
      {SPLITS.map((split) => (
        <span key={split} class="hint">
          <span class={`share-sign share-${split}`} aria-hidden="true" />
          {t(`set_split_${split}`)}
        </span>
      ))}
    </span>
  );
}

function Bars({ title, shares, name }: { title: string; shares: Shares; name: (key: string) => string }) {
  const most = Math.max(1, ...Object.values(shares).map(sum));
  return (
    <div class="shares">
      <h3 class="eyebrow">{title}</h3>
      {Object.entries(shares).map(([key, counts]) => (
        <div key={key} class="share-row">
          <span>{name(key)}</span>
          <span class="share-bar" role="img" aria-label={SPLITS.map((split) => `${t(`set_split_${split}`)} ${counts[split] ?? 0}`).join(", ")}>
            {SPLITS.filter((split) => counts[split]).map((split) => (
              <span
                key={split}
                class={`share-${split}`}
                title={`${t(`set_split_${split}`)}: ${numberText(counts[split] ?? 0)}`}
                style={{ inlineSize: `${((counts[split] ?? 0) / most) * 100}%` }}
              />
            ))}
          </span>
          <span class="share-number">{SPLITS.map((split) => numberText(counts[split] ?? 0)).join(" · ")}</span>
        </div>
      ))}
    </div>
  );
}

function total(shares: Shares): Readonly<Record<string, number>> {
  return Object.fromEntries(SPLITS.map((split) => [split, Object.values(shares).reduce((all, one) => all + (one[split] ?? 0), 0)]));
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, one) => all + one, 0);
}
