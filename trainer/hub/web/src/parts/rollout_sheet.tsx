// Starts a rollout of an approved model: rings in their order, channel, policy, why.

import { useState } from "preact/hooks";
import { Select } from "@tillsight/web-shared/choice.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { ask } from "../api.ts";
import type { ModelReply, RolloutStartRequest } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { rolloutHref } from "../rollout_words.tsx";
import { go } from "../router.ts";
import { t } from "../texts.ts";

type Policy = NonNullable<RolloutStartRequest["policy"]>;
const POLICIES: readonly Policy[] = ["production", "lab", "demo"];
const MOST_BOXES = 200;

export function RolloutSheet({ model, onClose }: { model: ModelReply; onClose: () => void }) {
  const [rings, setRings] = useState("");
  const [channel, setChannel] = useState("main");
  const [policy, setPolicy] = useState<Policy>("production");
  const [note, setNote] = useState("");
  const [fault, setFault] = useState("");
  const [isBusy, setBusy] = useState(false);
  const known = useResource("rings", ringsOfFleet);
  const wanted = rings.split(/[\s,>]+/).filter(Boolean);

  async function start(event: Event): Promise<void> {
    event.preventDefault();
    if (!wanted.length || isBusy) return;
    setBusy(true);
    setFault("");
    try {
      const made = await ask("POST /api/v1/rollouts", { body: { bundle_id: model.bundle_id, rings: wanted, channel: channel.trim(), policy, note } });
      go(rolloutHref(made.rollout_id));
    } catch (error) {
      setFault(faultText(error));
      setBusy(false);
    }
  }

  return (
    <Sheet title={t("start_rollout")} closeLabel={t("close")} onClose={onClose}>
      <form class="stack" onSubmit={start}>
        <p>{t("start_rollout_hint")}</p>
        <TextField label={t("rings")} value={rings} onInput={setRings} hint={t("rings_hint")} placeholder="lab shop all" autoFocus />
        {known.value && known.value.length > 0 && (
          <div class="row" role="group" aria-label={t("rings_of_fleet")}>
            {known.value.map(([name, count]) => (
              <button
                key={name}
                type="button"
                class="button button-small"
                aria-disabled={wanted.includes(name) || undefined}
                onClick={() => !wanted.includes(name) && setRings([...wanted, name].join(" "))}
              >
                {name} ({count})
              </button>
            ))}
          </div>
        )}
        <div class="pair">
          <TextField label={t("channel")} value={channel} onInput={setChannel} />
          <Select label={t("policy")} value={policy} options={POLICIES.map((value) => ({ value, label: t(`policy_${value}`) }))} onChoose={(value) => setPolicy(value as Policy)} />
        </div>
        <TextField label={t("why")} value={note} onInput={setNote} />
        {fault && <p class="fault" role="alert">{fault}</p>}
        <div class="row-end">
          {isBusy && <span class="hint" role="status">{t("signing")}</span>}
          <button type="submit" class="button button-main" aria-disabled={!wanted.length || isBusy || undefined}>
            {t("start_rollout")}
          </button>
        </div>
      </form>
    </Sheet>
  );
}

/** The rings that enrolled boxes are in, with how many, so that nobody has to know them by heart. */
async function ringsOfFleet(stop: AbortSignal): Promise<readonly (readonly [string, number])[]> {
  const boxes = await ask("GET /api/v1/fleet/boxes", { query: { limit: MOST_BOXES } }, stop);
  const counts = new Map<string, number>();
  for (const box of boxes.items) {
    if (box.ring && box.status === "enrolled") counts.set(box.ring, (counts.get(box.ring) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a === "lab" ? -1 : b === "lab" ? 1 : a.localeCompare(b)));
}
