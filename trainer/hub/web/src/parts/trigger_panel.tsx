// Triggers: when training starts by itself, why it waits, and by hand.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { ConfirmSheet } from "@tillsight/web-shared/confirm_sheet.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { TriggerReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";
import { Loaded } from "./page.tsx";
import { conditionText } from "../trigger_words.ts";
import { TriggerSheet } from "./trigger_sheet.tsx";

type Asked = "fire" | "delete";

export function TriggerPanel() {
  const [isMaking, setMaking] = useState(false);
  const [asked, setAsked] = useState<{ act: Asked; trigger: TriggerReply } | null>(null);
  const triggers = useResource("triggers", (stop) => ask("GET /api/v1/triggers", {}, stop));

  async function run(work: () => Promise<unknown>, done: string): Promise<void> {
    setAsked(null);
    try {
      await work();
      tell(done);
    } catch (error) {
      tell(faultText(error));
    }
    triggers.reload();
  }
  const path = (trigger: TriggerReply) => ({ trigger_id: trigger.trigger_id });
  const fire = (trigger: TriggerReply, reason: string) =>
    run(() => ask("POST /api/v1/triggers/{trigger_id}/fire", { path: path(trigger), body: { reason } }), t("trigger_fired", { name: trigger.name }));
  const drop = (trigger: TriggerReply) =>
    run(() => ask("DELETE /api/v1/triggers/{trigger_id}", { path: path(trigger) }), t("trigger_deleted", { name: trigger.name }));
  const turn = (trigger: TriggerReply) =>
    run(() => ask("PATCH /api/v1/triggers/{trigger_id}", { path: path(trigger), body: { is_active: !trigger.is_active } }), t("saved"));

  return (
    <section class="panel" aria-label={t("triggers")}>
      <div class="panel-head">
        <h2>{t("triggers")}</h2>
        {may("jobs.change") && (
          <Button kind="main" icon="add" onPress={() => setMaking(true)}>
            {t("new_trigger")}
          </Button>
        )}
      </div>
      <p class="hint">{t("triggers_note")}</p>
      <Loaded from={triggers}>
        {(rows) => (
          <ul class="list">
            {rows.map((trigger) => (
              <li key={trigger.trigger_id} class="alert">
                <Badge tone={trigger.is_active ? "good" : "calm"}>{t(trigger.is_active ? "trigger_on" : "trigger_off")}</Badge>
                <span class="grow">
                  <strong>{trigger.name}</strong>
                  <span class="block">{planText(trigger)}</span>
                  <span class="hint block">{trigger.last_state}</span>
                  <Firings trigger={trigger} />
                </span>
                {may("jobs.change") && (
                  <span class="row">
                    <Button icon="play" label={`${t("fire")}: ${trigger.name}`} onPress={() => setAsked({ act: "fire", trigger })}>
                      {t("fire")}
                    </Button>
                    <Button label={`${t(trigger.is_active ? "turn_off" : "turn_on")}: ${trigger.name}`} onPress={() => void turn(trigger)}>
                      {t(trigger.is_active ? "turn_off" : "turn_on")}
                    </Button>
                    <Button kind="danger" icon="trash" label={`${t("delete")}: ${trigger.name}`} onPress={() => setAsked({ act: "delete", trigger })}>
                      {t("delete")}
                    </Button>
                  </span>
                )}
              </li>
            ))}
            {rows.length === 0 && <li class="hint">{t("no_triggers")}</li>}
          </ul>
        )}
      </Loaded>
      {isMaking && (
        <TriggerSheet
          onClose={() => {
            setMaking(false);
            triggers.reload();
          }}
        />
      )}
      {asked?.act === "fire" && (
        <ConfirmSheet
          title={`${t("fire")}: ${asked.trigger.name}`}
          action={t("fire")}
          closeLabel={t("cancel")}
          reasonLabel={t("why")}
          onClose={() => setAsked(null)}
          onConfirm={(reason) => void fire(asked.trigger, reason)}
        >
          <p>{t("fire_hint", { kind: asked.trigger.plan.job?.kind ?? "pipeline" })}</p>
        </ConfirmSheet>
      )}
      {asked?.act === "delete" && (
        <ConfirmSheet
          title={`${t("delete")}: ${asked.trigger.name}`}
          action={t("delete")}
          closeLabel={t("cancel")}
          name={asked.trigger.name}
          nameLabel={t("type_name", { name: asked.trigger.name })}
          isDangerous
          onClose={() => setAsked(null)}
          onConfirm={() => void drop(asked.trigger)}
        />
      )}
    </section>
  );
}

function planText({ plan }: TriggerReply): string {
  const conditions = plan.conditions ?? [];
  const parts = [
    conditions.length ? conditions.map(conditionText).join("; ") : t("trigger_by_hand"),
    conditions.length > 1 && t("votes_of", { votes: plan.votes ?? 1, count: conditions.length }),
    t("cool_down_is", { hours: plan.cool_down_h ?? 24 }),
    (plan.max_cost_30d ?? 0) > 0 && t("cost_is", { cost: plan.cost ?? 0, cap: plan.max_cost_30d ?? 0 }),
  ];
  return parts.filter(Boolean).join(" · ");
}

function Firings({ trigger }: { trigger: TriggerReply }) {
  const firings = useResource(`firings ${trigger.trigger_id} ${trigger.last_state}`, (stop) =>
    ask("GET /api/v1/triggers/{trigger_id}/firings", { path: { trigger_id: trigger.trigger_id } }, stop),
  );
  const rows = firings.value ?? [];
  if (!rows.length) return null;
  return (
    <details>
      <summary class="hint">{t("num_firings", { count: rows.length })}</summary>
      <ul class="stack">
        {rows.slice(0, 10).map((one) => (
          <li key={one.firing_id}>
            {one.reasons.join("; ")}
            <span class="hint block" title={exactly(one.at)}>
              {[one.by, ago(one.at), t("job_named", { job: one.job_id.slice(0, 8) })].join(" · ")}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
