// Name, tags and note of a run: they may change when all else of it is history.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { RunReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { Tags } from "../pages/runs_page.tsx";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";

export function RunNotes({ run, onSaved }: { run: RunReply; onSaved: () => void }) {
  const [isEditing, setEditing] = useState(false);
  return (
    <section class="panel" aria-label={t("run_notes")}>
      <div class="panel-head">
        <h2>{t("run_notes")}</h2>
        {may("runs.change") && !isEditing && (
          <Button icon="text" onPress={() => setEditing(true)}>
            {t("edit")}
          </Button>
        )}
      </div>
      {isEditing ? (
        <Form
          run={run}
          onClose={() => {
            setEditing(false);
            onSaved();
          }}
        />
      ) : (
        <>
          <Tags tags={run.tags} />
          <p class={run.note ? "note" : "hint"}>{run.note || t("run_no_note")}</p>
        </>
      )}
    </section>
  );
}

function Form({ run, onClose }: { run: RunReply; onClose: () => void }) {
  const [name, setName] = useState(run.name);
  const [tags, setTags] = useState(run.tags.join(", "));
  const [note, setNote] = useState(run.note);
  const [fault, setFault] = useState("");

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    const wanted = [...new Set(tags.split(/[\s,]+/).filter(Boolean))];
    if (wanted.some((tag) => !/^[\w.:-]{1,40}$/.test(tag))) return setFault(t("run_tag_wrong"));
    try {
      await ask("PATCH /api/v1/runs/{run_id}", { path: { run_id: run.run_id }, body: { name: name.trim() || run.name, tags: wanted, note } });
      tell(t("saved"));
      onClose();
    } catch (error) {
      setFault(faultText(error));
    }
  }
  return (
    <form class="stack" onSubmit={(event) => void save(event)}>
      <TextField label={t("run_name")} value={name} onInput={setName} />
      <TextField label={t("run_tags")} value={tags} onInput={setTags} hint={t("run_tags_hint")} fault={fault} />
      <TextField label={t("run_note")} value={note} onInput={setNote} multiline />
      <div class="row-end">
        <Button kind="quiet" onPress={onClose}>
          {t("cancel")}
        </Button>
        <button type="submit" class="button button-main">
          {t("save")}
        </button>
      </div>
    </form>
  );
}
