// Documents side by side, place by place; what differs from the first is marked.

import type { Difference } from "../run_values.ts";
import { t } from "../texts.ts";

interface Props {
  label: string;
  heads: readonly string[];
  rows: readonly Difference[];
}

export function DifferenceTable({ label, heads, rows }: Props) {
  if (!rows.length) return <p class="hint">{t("run_no_difference")}</p>;
  return (
    <div class="table-frame" role="region" aria-label={label} tabIndex={0}>
      <table class="table compared">
        <thead>
          <tr>
            <th scope="col">{t("run_place")}</th>
            {heads.map((head, i) => (
              <th key={i} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ place, values }) => (
            <tr key={place}>
              <td class="main-cell code">{place}</td>
              {values.map((value, i) => (
                <td key={i} data-title={heads[i]} class={i > 0 && value !== values[0] ? "differs" : ""}>
                  {value === undefined ? <span class="hint">{t("run_nothing")}</span> : <span class="code clip">{value}</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
