// Lines over time or steps as SVG, with levels that matter drawn across; words around it are HTML, so they keep their size.

import { t } from "../texts.ts";
import { PlotCursor } from "./plot_cursor.tsx";

export interface PlotLine {
  readonly name: string;
  /** x and y, in rising order of x. */
  readonly points: readonly (readonly [number, number])[];
}

export interface PlotLevel {
  readonly name: string;
  readonly value: number;
}

export interface LinePlotProps {
  label: string;
  lines: readonly PlotLine[];
  levels?: readonly PlotLevel[];
  /** The first and the last x, in words. */
  xText: (x: number) => string;
  yText?: (y: number) => string;
  /** Kept in sight although no point is there. */
  include?: readonly number[];
  /** Values are told under the pointer and by the arrow keys. */
  canPoint?: boolean;
}

const WIDTH = 600;
const HEIGHT = 200;
const NUM_STYLES = 6;

export function LinePlot({ label, lines, levels = [], xText, yText = plain, include = [], canPoint }: LinePlotProps) {
  const drawn = lines.filter((line) => line.points.length > 0);
  const xs = drawn.flatMap((line) => line.points.map(([x]) => x));
  if (!xs.length) return <p class="hint">{t("plot_empty")}</p>;
  const ys = [...drawn.flatMap((line) => line.points.map(([, y]) => y)), ...levels.map((level) => level.value), ...include];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = padded(Math.min(...ys), Math.max(...ys));
  const atX = (x: number) => (right > left ? ((x - left) / (right - left)) * WIDTH : WIDTH / 2);
  const atY = (y: number) => HEIGHT - ((y - low) / (high - low)) * HEIGHT;
  const last = drawn.map((line) => `${line.name} ${yText(line.points.at(-1)?.[1] ?? 0)}`).join(", ");
  return (
    <figure class="plot">
      <div class="plot-frame">
        <div class="plot-scale" aria-hidden="true">
          <span>{yText(high)}</span>
          <span>{yText(low)}</span>
        </div>
        <div class="plot-area">
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${label}: ${last}`}>
            {levels.map((level) => (
              <line key={level.name} class="plot-level" x1={0} x2={WIDTH} y1={atY(level.value)} y2={atY(level.value)} />
            ))}
            {drawn.map((line, i) => (
              <Line key={line.name} style={i % NUM_STYLES} points={line.points.map(([x, y]) => [atX(x), atY(y)] as const)} />
            ))}
          </svg>
          {levels.map((level) => (
            <span key={level.name} class="plot-level-name" style={{ insetBlockStart: `${(atY(level.value) / HEIGHT) * 100}%` }}>
              {level.name} {yText(level.value)}
            </span>
          ))}
          {canPoint && <PlotCursor label={label} lines={drawn} left={left} right={right} xText={xText} yText={yText} />}
        </div>
        <div class="plot-ends" aria-hidden="true">
          <span>{xText(left)}</span>
          {right > left && <span>{xText(right)}</span>}
        </div>
      </div>
      {drawn.length > 1 && (
        <figcaption class="plot-names">
          {drawn.map((line, i) => (
            <span key={line.name}>
              <svg viewBox="0 0 24 8" width="24" height="8" aria-hidden="true">
                <line class={`plot-line plot-line-${i % NUM_STYLES}`} x1={0} x2={24} y1={4} y2={4} />
              </svg>
              {line.name}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}

/** One point alone is a short stroke, because a line needs two. */
function Line({ points, style }: { points: readonly (readonly [number, number])[]; style: number }) {
  const [only] = points;
  const drawn = points.length === 1 && only ? [[only[0] - 4, only[1]] as const, [only[0] + 4, only[1]] as const] : points;
  return <polyline class={`plot-line plot-line-${style}`} points={drawn.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")} />;
}

function padded(low: number, high: number): readonly [number, number] {
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

function plain(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}
