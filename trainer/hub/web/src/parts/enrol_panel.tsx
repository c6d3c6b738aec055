// Boxes that ask to belong here: a person compares six words with the box's own screen and says yes.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { BoxLine } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";

const EVERY_MS = 5_000;

export function EnrolPanel({ onDone }: { onDone: () => void }) {
  const [open, setOpen] = useState<BoxLine | null>(null);
  const waiting = useResource(
    "pending",
    (stop) => ask("GET /api/v1/fleet/boxes", { query: { status: "pending" } }, stop),
    EVERY_MS,
  );
  const boxes = waiting.value?.items ?? [];
  if (!boxes.length || !may("fleet.change")) return null;
  return (
    <section class="panel panel-ask" aria-label={t("wants_in")}>
      <div class="panel-head">
        <h2>{t("wants_in_count", { count: boxes.length })}</h2>
      </div>
      <ul class="list">
        {boxes.map((box) => (
          <li key={box.box_id}>
            <Icon name="box" />
            <strong class="grow">{box.box_id}</strong>
            <Button kind="main" onPress={() => setOpen(box)}>
              {t("compare_words")}
            </Button>
          </li>
        ))}
      </ul>
      {open && (
        <AcceptSheet
          box={open}
          onClose={() => setOpen(null)}
          onDone={() => {
            setOpen(null);
            waiting.reload();
            onDone();
          }}
        />
      )}
    </section>
  );
}

function AcceptSheet({ box, onClose, onDone }: { box: BoxLine; onClose: () => void; onDone: () => void }) {
  const [typed, setTyped] = useState("");
  const [ring, setRing] = useState("");
  const [store, setStore] = useState("");
  const [fault, setFault] = useState("");
  const words = typed.trim().toLowerCase().split(/\s+/).filter(Boolean);

  async function accept(event: Event): Promise<void> {
    event.preventDefault();
    try {
      await ask("POST /v1/operator/boxes/{box_id}/accept", {
        path: { box_id: box.box_id },
        body: { fingerprint_words: words.join(" "), store_id: store.trim() || null, ring: ring.trim() },
      });
      tell(t("box_accepted", { box: box.box_id }));
      onDone();
    } catch (error) {
      setFault(faultText(error));
    }
  }

  return (
    <Sheet title={t("let_in", { box: box.box_id })} closeLabel={t("close")} onClose={onClose}>
      <form class="stack" onSubmit={accept}>
        <p>{t("words_why")}</p>
        <TextField
          label={t("words_label")}
          value={typed}
          onInput={setTyped}
          hint={t("words_typed", { count: words.length })}
          fault={fault}
          autoFocus
        />
        <div class="pair">
          <TextField label={t("store")} value={store} onInput={setStore} hint={t("optional")} />
          <TextField label={t("ring")} value={ring} onInput={setRing} hint={t("optional")} />
        </div>
        <div class="row-end">
          <Button kind="quiet" onPress={onClose}>
            {t("cancel")}
          </Button>
          <button type="submit" class="button button-main" aria-disabled={words.length !== 6 || undefined}>
            {t("words_match")}
          </button>
        </div>
      </form>
    </Sheet>
  );
}
