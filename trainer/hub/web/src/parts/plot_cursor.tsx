// The hand on a plot: the values at one place, under the pointer or by the arrow keys.

import { useState } from "preact/hooks";
import { t } from "../texts.ts";
import type { PlotLine } from "./line_plot.tsx";

interface Props {
  label: string;
  lines: readonly PlotLine[];
  left: number;
  right: number;
  xText: (x: number) => string;
  yText: (y: number) => string;
}

export function PlotCursor({ label, lines, left, right, xText, yText }: Props) {
  const [x, setX] = useState<number | undefined>(undefined);
  const wide = right > left ? right - left : 1;
  const xs = [...new Set(lines.flatMap((line) => line.points.map(([at]) => at)))].sort((a, b) => a - b);
  const found = x === undefined ? [] : lines.map((line) => ({ name: line.name, point: nearest(line.points, x) }));
  const words = found.map(({ name, point }) => `${name} ${point ? yText(point[1]) : "–"}`);
  const share = x === undefined ? 0 : right > left ? (x - left) / wide : 0.5;

  function move(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20, Home: -xs.length, End: xs.length };
    const step = steps[event.key];
    if (event.key === "Escape") setX(undefined);
    if (step === undefined) return;
    event.preventDefault();
    const now = x === undefined ? xs.length - 1 : Math.max(0, xs.findIndex((at) => at >= x));
    setX(xs[Math.min(xs.length - 1, Math.max(0, now + step))]);
  }
  function point(event: PointerEvent): void {
    const frame = (event.currentTarget as HTMLElement).getBoundingClientRect();
    setX(nearestOf(xs, left + ((event.clientX - frame.left) / Math.max(1, frame.width)) * wide));
  }
  return (
    <div
      class="plot-hand"
      role="slider"
      tabIndex={0}
      aria-label={t("plot_value_of", { name: label })}
      aria-valuemin={left}
      aria-valuemax={right}
      aria-valuenow={x ?? right}
      aria-valuetext={x === undefined ? t("plot_hand_hint") : `${xText(x)}: ${words.join(", ")}`}
      onKeyDown={move}
      onPointerMove={point}
      onPointerDown={point}
      onPointerLeave={() => setX(undefined)}
      onBlur={() => setX(undefined)}
    >
      {x !== undefined && (
        <>
          <span class="plot-here" style={{ insetInlineStart: `${share * 100}%` }} />
          <span class={`plot-told ${share > 0.5 ? "plot-told-left" : ""}`} style={{ insetInlineStart: `${share * 100}%` }}>
            <strong>{xText(x)}</strong>
            {found.map(({ name, point: at }) => (
              <span key={name}>
                {lines.length > 1 && <span class="hint">{name} </span>}
                {at ? yText(at[1]) : "–"}
              </span>
            ))}
          </span>
        </>
      )}
    </div>
  );
}

type Point = readonly [number, number];

/** The point of a line at x, or the nearest one that is not further than a line has room between points. */
function nearest(points: readonly Point[], x: number): Point | undefined {
  const at = nearestOf(points.map(([px]) => px), x);
  const found = points.find(([px]) => px === at);
  const first = points[0]?.[0] ?? 0;
  const last = points.at(-1)?.[0] ?? 0;
  return x < first || x > last ? undefined : found;
}

function nearestOf(xs: readonly number[], x: number): number | undefined {
  let low = 0;
  let high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) < x) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [xs[low - 1], xs[low]];
  if (before === undefined || after === undefined) return after ?? before;
  return x - before < after - x ? before : after;
}
