// How models of this name come to be approved: by themselves, after a veto window, or by a person.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { ModelReply, RuleReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago, exactly, now } from "../times.ts";

type Mode = RuleReply["mode"];
const MODES: readonly Mode[] = ["manual", "veto", "automatic"];
const HOUR_MS = 3_600_000;

/** Says that a model will be approved by itself, and how long there is to say no. */
export function VetoBanner({ model }: { model: ModelReply }) {
  if (!model.approval_due_at) return null;
  const leftMs = Date.parse(model.approval_due_at) - now.value;
  const hours = Math.max(0, Math.floor(leftMs / HOUR_MS));
  const minutes = Math.max(0, Math.floor((leftMs % HOUR_MS) / 60_000));
  return (
    <Banner tone="ask" icon="clock" title={t("veto_left", { hours, minutes })}>
      <p>
        {t("veto_left_hint")} <time>{exactly(model.approval_due_at)}</time>
      </p>
    </Banner>
  );
}

export function ApprovalPanel({ model, onDone }: { model: ModelReply; onDone: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const rules = useResource("approval rules", (stop) => ask("GET /api/v1/approval-rules", {}, stop));
  const rule = rules.value?.find((one) => one.name === model.name);
  const mode: Mode = rule?.mode ?? "manual";
  return (
    <section class="panel" aria-label={t("approval_mode")}>
      <div class="panel-head">
        <h2 class="row">
          {t("approval_mode")} <Badge tone={mode === "manual" ? "calm" : "accent"}>{t(`mode_${mode}`)}</Badge>
        </h2>
        {may("models.approve") && (
          <Button icon="settings" onPress={() => setOpen(true)}>
            {t("change_price")}
          </Button>
        )}
      </div>
      <p>{mode === "veto" ? t("mode_veto_hint", { hours: rule?.veto_hours ?? 0 }) : t(`mode_${mode}_hint`)}</p>
      {rule?.changed_at && <p class="hint">{t("changed_by", { by: rule.changed_by, ago: ago(rule.changed_at) })}</p>}
      {isOpen && (
        <RuleSheet
          name={model.name}
          mode={mode}
          hours={rule?.veto_hours || 24}
          onClose={() => setOpen(false)}
          onDone={() => {
            setOpen(false);
            rules.reload();
            onDone();
          }}
        />
      )}
    </section>
  );
}

interface RuleSheetProps {
  name: string;
  mode: Mode;
  hours: number;
  onClose: () => void;
  onDone: () => void;
}

function RuleSheet({ name, mode: before, hours, onClose, onDone }: RuleSheetProps) {
  const [mode, setMode] = useState<Mode>(before);
  const [window, setWindow] = useState(String(hours));
  const [fault, setFault] = useState("");

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    try {
      await ask("PUT /api/v1/approval-rules/{name}", { path: { name }, body: { mode, veto_hours: mode === "veto" ? Number(window) : 0 } });
      tell(t("saved"));
      onDone();
    } catch (error) {
      setFault(faultText(error));
    }
  }

  return (
    <Sheet title={`${t("approval_mode")}: ${name}`} closeLabel={t("close")} onClose={onClose}>
      <form class="stack" onSubmit={save}>
        <Segmented
          label={t("approval_mode")}
          value={mode}
          options={MODES.map((value) => ({ value, label: t(`mode_${value}`) }))}
          onChoose={(value) => setMode(value as Mode)}
        />
        <p>{mode === "veto" ? t("mode_veto_hint", { hours: window }) : t(`mode_${mode}_hint`)}</p>
        {mode === "veto" && <TextField label={t("veto_hours")} type="number" inputMode="numeric" value={window} onInput={setWindow} />}
        {fault && <p class="fault" role="alert">{fault}</p>}
        <div class="row-end">
          <button type="submit" class="button button-main">
            {t("save")}
          </button>
        </div>
      </form>
    </Sheet>
  );
}
