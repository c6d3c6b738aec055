// The rollouts of one model, on its own page: where it goes, and how far it is.

import { Meter } from "@tillsight/web-shared/meter.tsx";
import { ask } from "../api.ts";
import { useResource } from "../resource.ts";
import { PhaseBadge, rolloutHref } from "../rollout_words.tsx";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago } from "../times.ts";

const EVERY_MS = 15_000;

export function ModelRollouts({ bundleId }: { bundleId: string }) {
  const isReader = may("fleet.read");
  const rollouts = useResource(
    `rollouts of ${bundleId}`,
    async (stop) => (isReader ? ask("GET /api/v1/rollouts", { query: { limit: 200 } }, stop) : []),
    EVERY_MS,
  );
  const mine = (rollouts.value ?? []).filter((row) => row.bundle_id === bundleId);
  if (!mine.length) return null;
  return (
    <section class="panel" aria-label={t("nav_rollouts")}>
      <div class="panel-head">
        <h2>{t("nav_rollouts")}</h2>
      </div>
      <ul class="list">
        {mine.map((row) => (
          <li key={row.rollout_id}>
            <PhaseBadge phase={row.phase} />
            <span class="grow">
              <a class="plain-link" href={rolloutHref(row.rollout_id)}>
                {t("ring_of", { ring: row.ring, place: row.place + 1, total: row.num_rings })}
              </a>
              <span class="hint block">{t("started_by", { by: row.started_by, ago: ago(row.started_at) })}</span>
            </span>
            <div class="meter-small">
              <Meter label={t("confirmed")} share={row.num_boxes ? row.num_confirmed / row.num_boxes : 0} text={t("share_of", { part: row.num_confirmed, total: row.num_boxes })} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
