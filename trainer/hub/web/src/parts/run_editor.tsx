// A draft's parameters beside those of the run it was cloned from; kept, then put into the queue.

import { useState } from "preact/hooks";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { RunReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { differences, flattened, isDocument, typedValue, valueText, withValues, type Document } from "../run_values.ts";
import { t } from "../texts.ts";
import { DifferenceTable } from "./difference_table.tsx";

export function RunEditor({ run, onQueued }: { run: RunReply; onQueued: () => void }) {
  const [mode, setMode] = useState("fields");
  const [json, setJson] = useState(() => JSON.stringify(run.parameters, null, 2));
  const [priority, setPriority] = useState("0");
  const [gpus, setGpus] = useState("0");
  const [fault, setFault] = useState("");
  const [isBusy, setBusy] = useState(false);
  const parent = useResource(run.parent_id, async (stop) =>
    run.parent_id ? (await ask("GET /api/v1/runs/{run_id}", { path: { run_id: run.parent_id } }, stop)).parameters : {},
  );
  const before = parent.value ?? {};
  const now = parsed(json);
  const changed = now ? differences([before, now]) : [];

  async function send(isQueued: boolean): Promise<void> {
    if (!now || isBusy) return;
    const path = { run_id: run.run_id };
    setBusy(true);
    setFault("");
    try {
      await ask("PATCH /api/v1/runs/{run_id}", { path, body: { parameters: now } });
      if (isQueued) {
        const body = { priority: Number(priority) || 0, num_gpus: Number(gpus) || 0 };
        await ask("POST /api/v1/runs/{run_id}/enqueue", { path, body });
        onQueued();
      }
      tell(t(isQueued ? "run_queued" : "saved"));
    } catch (error) {
      setFault(faultText(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <section class="panel" aria-label={t("run_edit")}>
      <div class="panel-head">
        <h2>{t("run_edit")}</h2>
        <Segmented
          label={t("run_edit_as")}
          value={mode}
          options={[{ value: "fields", label: t("run_fields") }, { value: "json", label: t("run_json") }]}
          onChoose={setMode}
        />
      </div>
      {mode === "fields" && now ? (
        <Fields before={before} hasParent={Boolean(run.parent_id)} now={now} onChange={(next) => setJson(JSON.stringify(next, null, 2))} />
      ) : (
        <div class="side-by-side">
          <div class="labelled">
            <span class="hint">{t("run_before")}</span>
            <pre class="log" tabIndex={0}>{JSON.stringify(before, null, 2)}</pre>
          </div>
          <TextField class="code-field" label={t("run_now")} value={json} onInput={setJson} multiline fault={now ? "" : t("run_json_wrong")} />
        </div>
      )}
      {run.parent_id && (
        <div class="stack">
          <h3>{t("run_changed", { count: changed.length })}</h3>
          <DifferenceTable label={t("run_difference")} heads={[t("run_before"), t("run_now")]} rows={changed} />
        </div>
      )}
      {fault && <Banner tone="serious" title={t("run_refused")}><p>{fault}</p></Banner>}
      <div class="tools enqueue">
        <TextField label={t("job_priority_hint")} value={priority} onInput={setPriority} type="number" />
        <TextField label={t("job_gpus")} value={gpus} onInput={setGpus} type="number" />
        <span class="grow" />
        <Button blocked={!now || isBusy} onPress={() => void send(false)}>
          {t("run_keep")}
        </Button>
        <Button kind="main" icon="play" blocked={!now || isBusy} onPress={() => void send(true)}>
          {t("run_enqueue")}
        </Button>
      </div>
    </section>
  );
}

interface FieldsProps {
  before: Document;
  now: Document;
  hasParent: boolean;
  onChange: (next: Document) => void;
}

function Fields({ before, now, hasParent, onChange }: FieldsProps) {
  const old = flattened(before);
  const values = flattened(now);
  if (!values.size) return <p class="hint">{t("run_no_parameters")}</p>;
  return (
    <div class="parameter-rows">
      {[...values].map(([place, value]) => (
        <Field
          key={place}
          place={place}
          value={value}
          before={hasParent ? (old.has(place) ? valueText(old.get(place)) : t("run_nothing")) : undefined}
          onChange={(typed) => onChange(withValues(now, new Map([[place, typed]])))}
        />
      ))}
    </div>
  );
}

interface FieldProps {
  place: string;
  value: unknown;
  before: string | undefined;
  onChange: (value: unknown) => void;
}

function Field({ place, value, before, onChange }: FieldProps) {
  const [text, setText] = useState(() => valueText(value));
  const [kind] = useState(() => value); // what was there decides how it is read
  const typed = typedValue(text, kind);
  function input(next: string): void {
    setText(next);
    const read = typedValue(next, kind);
    if (read) onChange(read.value);
  }
  const isChanged = before !== undefined && before !== text;
  return (
    <div class={`parameter-row ${isChanged ? "is-changed" : ""}`}>
      <TextField label={place} value={text} onInput={input} fault={typed ? "" : t("run_value_wrong", { kind: Array.isArray(kind) ? t("run_a_list") : t(`run_a_${typeof kind}`) })} />
      {before !== undefined && (
        <p class="code parameter-before">
          <span class="hint">{t("run_before")} </span>
          {before}
        </p>
      )}
    </div>
  );
}

function parsed(json: string): Document | undefined {
  try {
    const value = JSON.parse(json) as unknown;
    return isDocument(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
