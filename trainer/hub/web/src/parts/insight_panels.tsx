// What shoppers and stores teach: most asked, confused, corrected, sold, never seen; days as small plots.

import type { ComponentChildren } from "preact";
import { Segmented, Select } from "@tillsight/web-shared/choice.tsx";
import { ask } from "../api.ts";
import type { CountRow, InsightDay, InsightsReply } from "../api_types.ts";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { t } from "../texts.ts";
import { shortDay } from "../times.ts";
import { LinePlot, type PlotLine } from "./line_plot.tsx";
import { Loaded } from "./page.tsx";

const DAYS = ["7", "30", "90"] as const;
const LISTS = ["most_asked", "most_confused", "most_corrected", "most_sold"] as const;
const FIGURES = ["num_baskets", "num_asks", "num_corrections", "seconds_median"] as const;
const MOST_STORES = 6;

export function InsightPanels() {
  const { query } = place.value;
  const days = query.get("days") ?? "7";
  const storeId = query.get("store") ?? "";
  const insights = useResource(`insights ${days} ${storeId}`, (stop) =>
    ask("GET /api/v1/monitoring/insights", { query: { days: Number(days), store_id: storeId } }, stop),
  );
  const stores = useResource("stores of insights", (stop) => ask("GET /api/v1/stores", {}, stop));
  const options = [{ value: "", label: t("all") }, ...(stores.value ?? []).map((one) => ({ value: one.store_id, label: one.name }))];
  return (
    <>
      <div class="tools">
        <h2 class="grow">{t("insights")}</h2>
        <Select label={t("store")} value={storeId} options={options} onChoose={(value) => setQuery({ store: value })} />
        <Segmented
          label={t("period")}
          value={days}
          options={DAYS.map((value) => ({ value, label: t("num_days", { count: Number(value) }) }))}
          onChoose={(value) => setQuery({ days: value === "7" ? "" : value })}
        />
      </div>
      <Loaded from={insights}>
        {(found) => (
          <>
            <div class="panels">
              {FIGURES.map((figure) => (
                <Panel key={figure} title={t(`insight_${figure}`)}>
                  <LinePlot
                    label={t(`insight_${figure}`)}
                    lines={linesOf(found.days, figure)}
                    include={[0]}
                    xText={shortDay}
                  />
                </Panel>
              ))}
            </div>
            <div class="panels panels-narrow">
              {LISTS.map((list) => (
                <Panel key={list} title={t(list)}>
                  <Counts rows={found[list]} isPair={list === "most_confused"} />
                </Panel>
              ))}
              <NeverSeen of={found} />
            </div>
          </>
        )}
      </Loaded>
    </>
  );
}

/** One line per store; with many stores the first ones, and the rest by the filter. */
function linesOf(days: readonly InsightDay[], figure: (typeof FIGURES)[number]): readonly PlotLine[] {
  const stores = [...new Set(days.map((day) => day.store_id))].sort().slice(0, MOST_STORES);
  return stores.map((store) => ({
    name: store || t("no_store"),
    points: days
      .filter((day) => day.store_id === store)
      .map((day) => [Date.parse(day.day), day[figure]] as const)
      .sort(([a], [b]) => a - b),
  }));
}

function Counts({ rows, isPair }: { rows: readonly CountRow[]; isPair: boolean }) {
  if (!rows.length) return <p class="hint">{t("insight_none")}</p>;
  const top = Math.max(...rows.map((row) => row.count));
  return (
    <ol class="counts">
      {rows.slice(0, 8).map((row) => (
        <li key={row.name}>
          <span>
            {row.name.split("|").map((sku, i) => (
              <>
                {isPair && i > 0 && ` ${t("taken_for")} `}
                <a key={sku} href={`/catalogue/${encodeURIComponent(sku)}`}>
                  {sku}
                </a>
              </>
            ))}
          </span>
          <strong>{row.count}</strong>
          <span class="counts-bar" style={{ inlineSize: `${(row.count / top) * 100}%` }} />
        </li>
      ))}
    </ol>
  );
}

function NeverSeen({ of }: { of: InsightsReply }) {
  return (
    <Panel title={t("never_seen")} note={t("num_skus", { count: of.num_never_seen })} isWide>
      {of.never_seen.length === 0 ? (
        <p class="hint">{t("never_seen_none")}</p>
      ) : (
        <p class="skus">
          {of.never_seen.slice(0, 24).map((sku) => (
            <a key={sku} href={`/catalogue/${encodeURIComponent(sku)}`}>
              {sku}
            </a>
          ))}
        </p>
      )}
    </Panel>
  );
}

interface PanelProps {
  title: string;
  note?: string;
  isWide?: boolean;
  children: ComponentChildren;
}

function Panel({ title, note, isWide, children }: PanelProps) {
  return (
    <section class={`panel ${isWide ? "wide" : ""}`} aria-label={title}>
      <div class="panel-head">
        <h3>{title}</h3>
        {note && <span class="hint">{note}</span>}
      </div>
      {children}
    </section>
  );
}
