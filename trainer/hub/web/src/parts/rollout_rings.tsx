// The rings in their order: limits, and how many boxes stand at which step.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Meter } from "@tillsight/web-shared/meter.tsx";
import type { RingReply, RolloutReply } from "../api_types.ts";
import { RingBadge, STEPS, stepTone } from "../rollout_words.tsx";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

export function RingPanel({ of }: { of: RolloutReply }) {
  return (
    <section aria-label={t("rings")}>
      <ol class="rings">
        {of.rings.map((ring) => (
          <Ring key={ring.name} ring={ring} />
        ))}
      </ol>
    </section>
  );
}

function Ring({ ring }: { ring: RingReply }) {
  const numGone = ring.confirmed + ring.refused + ring.rolled_back;
  const isBad = ring.refused + ring.rolled_back + ring.silent > 0;
  return (
    <li class="panel" data-state={ring.state} aria-current={ring.state === "current" ? "step" : undefined}>
      <div class="panel-head">
        <h2>
          {ring.place + 1}. {ring.name}
        </h2>
        <RingBadge state={ring.state} />
      </div>
      <Meter
        label={t("confirmed")}
        share={ring.boxes ? ring.confirmed / ring.boxes : 0}
        text={t("share_of", { part: ring.confirmed, total: ring.boxes })}
        tone={isBad ? "bad" : "accent"}
      />
      <ul class="steps">
        {STEPS.filter((step) => ring[step] > 0).map((step) => (
          <li key={step}>
            <Badge tone={stepTone(step)}>
              {t(`step_${step}`)} {ring[step]}
            </Badge>
          </li>
        ))}
        {ring.boxes === 0 && <li class="hint">{t("ring_empty")}</li>}
        {ring.boxes > 0 && numGone === 0 && ring.state === "waiting" && <li class="hint">{t("ring_not_told")}</li>}
      </ul>
      <p class="hint">
        {[
          ring.is_lab && t("lab_lane"),
          t("ring_limits", { share: Math.round(ring.share_confirmed * 100), count: ring.min_confirmed, soak: ring.soak_h, deadline: ring.deadline_h }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {ring.began_at && (
        <p class="hint" title={exactly(ring.began_at)}>
          {t(ring.passed_at ? "ring_passed" : "ring_began", { ago: ago(ring.passed_at ?? ring.began_at) })}
        </p>
      )}
    </li>
  );
}
