// How long things take here, and in which share of hours each box reported.

import { Meter } from "@tillsight/web-shared/meter.tsx";
import { ask } from "../api.ts";
import { percent } from "../gate_document.ts";
import { useResource } from "../resource.ts";
import { t } from "../texts.ts";
import { span } from "../times.ts";
import { Loaded } from "./page.tsx";

const LEVELS = ["time_to_label", "time_to_sku", "time_to_roll_back"] as const;
const MOST_BOXES = 20;

export function ServiceLevelPanel() {
  const levels = useResource("service levels", (stop) => ask("GET /api/v1/monitoring/service-levels", { query: { days: 30 } }, stop));
  return (
    <section class="panel" aria-label={t("service_levels")}>
      <div class="panel-head">
        <h2>{t("service_levels")}</h2>
        <span class="hint">{t("last_days", { count: 30 })}</span>
      </div>
      <Loaded from={levels}>
        {(found) => (
          <>
            <dl class="gate-figures">
              {LEVELS.map((level) => (
                <div key={level}>
                  <dt class="hint">{t(level)}</dt>
                  <dd>
                    <strong>{found[level].num ? span(found[level].median_s) : "-"}</strong>
                    <span class="hint block">
                      {found[level].num ? t("level_note", { p90: span(found[level].p90_s), count: found[level].num }) : t("level_none")}
                    </span>
                  </dd>
                </div>
              ))}
            </dl>
            <h3>{t("availability")}</h3>
            <div class="meters">
              {Object.entries(found.availability)
                .sort(([, a], [, b]) => a - b)
                .slice(0, MOST_BOXES)
                .map(([box, share]) => (
                  <Meter key={box} label={box} share={share} text={percent(share)} tone={share < 0.9 ? "ask" : "accent"} />
                ))}
            </div>
          </>
        )}
      </Loaded>
    </section>
  );
}
