// What the hub does by itself and whom it tells: triggers, webhooks; and my own account.

import { Button } from "@tillsight/web-shared/button.tsx";
import { useState } from "preact/hooks";
import { AccountSheet } from "../parts/account_sheet.tsx";
import { BackupPanel } from "../parts/backup_panel.tsx";
import { Page } from "../parts/page.tsx";
import { TriggerPanel } from "../parts/trigger_panel.tsx";
import { WebhookPanel } from "../parts/webhook_panel.tsx";
import { may, session } from "../session_state.ts";
import { codeText, t } from "../texts.ts";

export function SettingsPage() {
  const [isOpen, setOpen] = useState(false);
  const me = session.value;
  return (
    <Page title={t("nav_settings")} note={t("settings_note")}>
      <TriggerPanel />
      {may("webhooks.change") && <WebhookPanel />}
      {may("store.care") && <BackupPanel />}
      <section class="panel" aria-label={t("my_account")}>
        <div class="panel-head">
          <h2>{t("my_account")}</h2>
          <Button icon="person" onPress={() => setOpen(true)}>
            {t("account_of")}
          </Button>
        </div>
        {me && (
          <p>
            <strong>{me.display_name || me.name}</strong>
            <span class="hint block">{me.roles.map((role) => codeText("role", role)).join(" · ")}</span>
          </p>
        )}
      </section>
      {isOpen && <AccountSheet onClose={() => setOpen(false)} />}
    </Page>
  );
}
