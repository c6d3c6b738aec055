// One rollout: where it is, why it waits, the evidence of every ring, what was decided on which numbers.

import { Banner } from "@tillsight/web-shared/banner.tsx";
import { ask } from "../api.ts";
import type { RolloutReply } from "../api_types.ts";
import { AuditList } from "../parts/audit_list.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { PolicyPanel } from "../parts/policy_panel.tsx";
import { RolloutBoxes } from "../parts/rollout_boxes.tsx";
import { DecisionPanel, TroubledPanel } from "../parts/rollout_decisions.tsx";
import { EvidencePanel } from "../parts/rollout_evidence.tsx";
import { RolloutOrders } from "../parts/rollout_orders.tsx";
import { RingPanel } from "../parts/rollout_rings.tsx";
import { useResource } from "../resource.ts";
import { PhaseBadge } from "../rollout_words.tsx";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const EVERY_MS = 10_000;
const TIME = "time to soak"; // the hub's own words for "only the hours are missing"

export function RolloutPage({ id }: { id: string }) {
  const number = Number(id);
  const rollout = useResource(
    `rollout ${id}`,
    (stop) => ask("GET /api/v1/rollouts/{rollout_id}", { path: { rollout_id: number } }, stop),
    EVERY_MS,
  );
  const value = rollout.value;
  return (
    <Page
      title={value ? `${value.name} ${value.version}` : t("rollout")}
      back={{ href: "/rollouts", label: t("nav_rollouts") }}
      note={value && <Headline of={value} />}
      actions={value && <RolloutOrders of={value} onDone={rollout.reload} />}
    >
      <Loaded from={rollout}>
        {(found) => (
          <>
            <Standing of={found} />
            <RingPanel of={found} />
            <EvidencePanel of={found} />
            {found.troubled_boxes.length > 0 && <TroubledPanel of={found} />}
            <RolloutBoxes of={found} />
            <div class="panels">
              <DecisionPanel of={found} />
              <PolicyPanel of={found} />
            </div>
            {may("audit.read") && <AuditList key={found.phase} subject={`rollout:${id}`} title={t("history")} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Headline({ of }: { of: RolloutReply }) {
  return (
    <span class="row">
      <PhaseBadge phase={of.phase} />
      <span>{t("ring_of", { ring: of.ring, place: of.place + 1, total: of.num_rings })}</span>
      <time title={exactly(of.started_at)}>{t("started_by", { by: of.started_by, ago: ago(of.started_at) })}</time>
      <a href={`/models/${of.bundle_id}`}>{t("to_model")}</a>
    </span>
  );
}

/** One sentence for whoever has ten seconds: what it waits for, or why it ended. */
function Standing({ of }: { of: RolloutReply }) {
  if (of.phase === "stopped") {
    return (
      <Banner tone="serious" title={t("rollout_stopped")}>
        <p>{of.reason}</p>
      </Banner>
    );
  }
  if (of.phase === "held") {
    return (
      <Banner tone="ask" title={t("rollout_held")}>
        <p>{[of.reason, of.decisions.at(-1)?.note].filter(Boolean).join(": ") || t("rollout_held_hint")}</p>
      </Banner>
    );
  }
  const text = of.phase === "running" ? waitText(of) : of.reason;
  return (
    <Banner tone="calm" icon={of.phase === "running" ? "clock" : "info"} title={t(`rollout_${of.phase}`)}>
      {text && <p>{text}</p>}
    </Banner>
  );
}

/** What the ring waits for, with the hours where it is only time. */
function waitText(of: RolloutReply): string {
  const ring = of.rings.find((one) => one.name === of.ring);
  return of.waits_for === TIME && ring ? t("waits_soak", { hours: ring.soak_h }) : t("waits_for", { what: of.waits_for });
}
