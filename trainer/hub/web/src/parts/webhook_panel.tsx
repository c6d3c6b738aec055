// Webhooks: whom the hub tells, signed; the secret is told once, a test shows whether it arrives.

import { useState } from "preact/hooks";
import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { ConfirmSheet } from "@tillsight/web-shared/confirm_sheet.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { DeliveryReply, WebhookReply, WebhookRequest } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { codeText, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";
import { Loaded } from "./page.tsx";
import { SecretShown } from "./secret_shown.tsx";

type Event = NonNullable<WebhookRequest["events"]>[number];
const EVENTS: readonly Event[] = ["alert.opened", "alert.acknowledged", "alert.closed", "trigger.fired"];
const TONES: Readonly<Record<DeliveryReply["status"], Tone>> = { waiting: "ask", done: "good", failed: "bad" };

export function WebhookPanel() {
  const [isMaking, setMaking] = useState(false);
  const [dropped, setDropped] = useState<WebhookReply | null>(null);
  const hooks = useResource("webhooks", (stop) => ask("GET /api/v1/webhooks", {}, stop));

  async function drop(hook: WebhookReply): Promise<void> {
    setDropped(null);
    try {
      await ask("DELETE /api/v1/webhooks/{webhook_id}", { path: { webhook_id: hook.webhook_id } });
      tell(t("webhook_deleted"));
    } catch (error) {
      tell(faultText(error));
    }
    hooks.reload();
  }

  return (
    <section class="panel" aria-label={t("webhooks")}>
      <div class="panel-head">
        <h2>{t("webhooks")}</h2>
        <Button kind="main" icon="add" onPress={() => setMaking(true)}>
          {t("new_webhook")}
        </Button>
      </div>
      <p class="hint">{t("webhooks_note")}</p>
      <Loaded from={hooks}>
        {(rows) => (
          <ul class="list">
            {rows.map((hook) => (
              <Hook key={hook.webhook_id} hook={hook} onDelete={() => setDropped(hook)} />
            ))}
            {rows.length === 0 && <li class="hint">{t("no_webhooks")}</li>}
          </ul>
        )}
      </Loaded>
      {isMaking && (
        <WebhookSheet
          onClose={() => {
            setMaking(false);
            hooks.reload();
          }}
        />
      )}
      {dropped && (
        <ConfirmSheet title={t("delete_webhook")} action={t("delete")} closeLabel={t("cancel")} isDangerous onClose={() => setDropped(null)} onConfirm={() => void drop(dropped)}>
          <p class="code">{dropped.url}</p>
        </ConfirmSheet>
      )}
    </section>
  );
}

function Hook({ hook, onDelete }: { hook: WebhookReply; onDelete: () => void }) {
  const [isTesting, setTesting] = useState(false);
  const path = { webhook_id: hook.webhook_id };
  const deliveries = useResource(`deliveries ${hook.webhook_id}`, (stop) => ask("GET /api/v1/webhooks/{webhook_id}/deliveries", { path }, stop));
  const [newest] = deliveries.value ?? [];

  async function test(): Promise<void> {
    setTesting(true);
    try {
      await ask("POST /api/v1/webhooks/{webhook_id}/test", { path });
    } catch (error) {
      tell(faultText(error));
    }
    setTesting(false);
    deliveries.reload();
  }

  return (
    <li class="alert">
      {newest ? <Badge tone={TONES[newest.status]}>{t(`delivery_${newest.status}`)}</Badge> : <Badge tone="calm">{t("delivery_none")}</Badge>}
      <span class="grow">
        <strong class="code">{hook.url}</strong>
        <span class="hint block">{hook.events.map((event) => codeText("event", event.replace(".", "_"))).join(" · ")}</span>
        {newest && (
          <span class="hint block" title={exactly(newest.created_at)}>
            {[t("delivery_tries", { count: newest.attempts }), ago(newest.created_at), newest.last_error].filter(Boolean).join(" · ")}
          </span>
        )}
      </span>
      <span class="row">
        {isTesting && <span class="hint" role="status">{t("testing")}</span>}
        <Button icon="play" blocked={isTesting} label={`${t("test_webhook")}: ${hook.url}`} onPress={() => void test()}>
          {t("test_webhook")}
        </Button>
        <Button kind="danger" icon="trash" label={`${t("delete")}: ${hook.url}`} onPress={onDelete}>
          {t("delete")}
        </Button>
      </span>
    </li>
  );
}

function WebhookSheet({ onClose }: { onClose: () => void }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<readonly Event[]>(["alert.opened", "trigger.fired"]);
  const [secret, setSecret] = useState("");
  const [fault, setFault] = useState("");

  async function make(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    try {
      const made = await ask("POST /api/v1/webhooks", { body: { url: url.trim(), events } });
      setSecret(made.secret);
    } catch (error) {
      setFault(faultText(error));
    }
  }

  return (
    <Sheet title={t("new_webhook")} closeLabel={t("close")} onClose={onClose}>
      {secret ? (
        <SecretShown secret={secret} hint={t("webhook_secret_hint")} onClose={onClose} />
      ) : (
        <form class="stack" onSubmit={make}>
          <TextField label={t("webhook_url")} value={url} onInput={setUrl} hint={t("webhook_url_hint")} fault={fault} autoFocus />
          <fieldset class="plain roles">
            <legend class="hint">{t("webhook_events")}</legend>
            {EVENTS.map((one) => (
              <label key={one} class="yes">
                <input
                  type="checkbox"
                  checked={events.includes(one)}
                  onChange={() => setEvents(events.includes(one) ? events.filter((other) => other !== one) : [...events, one])}
                />
                {codeText("event", one.replace(".", "_"))}
              </label>
            ))}
          </fieldset>
          <div class="row-end">
            <button type="submit" class="button button-main" aria-disabled={!events.length || undefined}>
              {t("make_webhook")}
            </button>
          </div>
        </form>
      )}
    </Sheet>
  );
}
