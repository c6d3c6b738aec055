// A code that lets one box in without a person: made here, typed at the box, shown once.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import { faultText } from "../faults.ts";
import { t } from "../texts.ts";

export function ClaimCodeSheet({ onClose }: { onClose: () => void }) {
  const [box, setBox] = useState("");
  const [store, setStore] = useState("");
  const [ring, setRing] = useState("");
  const [code, setCode] = useState("");
  const [fault, setFault] = useState("");

  async function make(event: Event): Promise<void> {
    event.preventDefault();
    try {
      const body = { box_id: box.trim(), store_id: store.trim() || null, ring: ring.trim() };
      const reply = await ask("POST /v1/operator/claim-codes", { body });
      setCode(reply["claim_code"] ?? "");
    } catch (error) {
      setFault(faultText(error));
    }
  }

  return (
    <Sheet title={t("new_box")} closeLabel={t("close")} onClose={onClose}>
      {code ? <CodeShown code={code} onClose={onClose} /> : (
        <form class="stack" onSubmit={make}>
          <p>{t("claim_why")}</p>
          <TextField label={t("box_name")} value={box} onInput={setBox} hint={t("box_name_hint")} autoFocus fault={fault} />
          <div class="pair">
            <TextField label={t("store")} value={store} onInput={setStore} hint={t("optional")} />
            <TextField label={t("ring")} value={ring} onInput={setRing} hint={t("optional")} />
          </div>
          <div class="row-end">
            <button type="submit" class="button button-main">
              {t("make_code")}
            </button>
          </div>
        </form>
      )}
    </Sheet>
  );
}

export function CodeShown({ code, onClose }: { code: string; onClose: () => void }) {
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(code);
    tell(t("copied"));
  }
  return (
    <div class="stack">
      <p>{t("code_once")}</p>
      <output class="big-code">{code}</output>
      <p class="hint">{t("code_command")}</p>
      <div class="row-end">
        {"clipboard" in navigator && (
          <Button kind="soft" onPress={() => void copy()}>
            {t("copy")}
          </Button>
        )}
        <Button kind="main" onPress={onClose}>
          {t("done")}
        </Button>
      </div>
    </div>
  );
}
