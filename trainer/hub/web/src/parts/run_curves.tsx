// The curves of one run, or of several over each other: a plot per name.

import { useState } from "preact/hooks";
import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { figureText, numberText } from "../run_words.tsx";
import { t } from "../texts.ts";
import { LinePlot, type PlotLine } from "./line_plot.tsx";

type Point = readonly [number, number];
export type Curves = Readonly<Record<string, readonly Point[]>>;

export interface NamedCurves {
  readonly name: string;
  readonly curves: Curves;
}

const MAX_DRAWN = 1200; // points of a line, above the pixels of a plot
const NUM_AT_FIRST = 8;

export function RunCurves({ runs }: { runs: readonly NamedCurves[] }) {
  const [scale, setScale] = useState("linear");
  const [isAll, setAll] = useState(false);
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.curves)))].sort();
  if (!names.length) return <p class="hint">{t("run_no_curves")}</p>;
  const isLog = scale === "log";
  const yText = isLog ? (y: number) => figureText(10 ** y) : figureText;
  const shown = isAll ? names : names.slice(0, NUM_AT_FIRST);
  return (
    <>
      <Segmented
        label={t("plot_scale")}
        value={scale}
        options={[{ value: "linear", label: t("plot_linear") }, { value: "log", label: t("plot_log") }]}
        onChoose={setScale}
      />
      <div class="plots">
        {shown.map((name) => (
          <section key={name} class="plot-one" aria-label={name}>
            <h3>{name}</h3>
            <LinePlot
              label={name}
              lines={runs.map((run) => lineOf(run, name, isLog)).filter((line) => line.points.length)}
              xText={(x) => t("run_step", { step: numberText(Math.round(x)) })}
              yText={yText}
              canPoint
            />
          </section>
        ))}
      </div>
      {!isAll && names.length > shown.length && (
        <button type="button" class="button" onClick={() => setAll(true)}>
          {t("run_all_curves", { count: names.length })}
        </button>
      )}
    </>
  );
}

function lineOf(run: NamedCurves, name: string, isLog: boolean): PlotLine {
  const points = run.curves[name] ?? [];
  const scaled = isLog ? points.filter(([, y]) => y > 0).map(([x, y]) => [x, Math.log10(y)] as const) : points;
  return { name: run.name, points: thinned(scaled) };
}

/** The lowest and the highest of each part, so that no peak is lost. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MAX_DRAWN) return points;
  const size = Math.ceil(points.length / (MAX_DRAWN / 2));
  const kept: Point[] = [];
  for (let begin = 0; begin < points.length; begin += size) {
    const part = [...points.slice(begin, begin + size)].sort((a, b) => a[1] - b[1]);
    const [low, high] = [part[0], part.at(-1)];
    if (low && high) kept.push(...(low === high ? [low] : [low, high].sort((a, b) => a[0] - b[0])));
  }
  return kept;
}
