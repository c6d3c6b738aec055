// Who I am, how I want the page, my password, and the way out.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import { faultText } from "../faults.ts";
import { PAGES } from "../navigation.ts";
import { prefer, preferences, type Theme } from "../preferences.ts";
import { signOut } from "../session.ts";
import { forgetSession, may, session } from "../session_state.ts";
import { codeText, t } from "../texts.ts";

const THEMES: readonly Theme[] = ["auto", "light", "dark", "contrast"];

export function AccountSheet({ onClose }: { onClose: () => void }) {
  const me = session.value;
  if (!me) return null;
  const { theme, isLarge } = preferences.value;
  return (
    <Sheet title={me.display_name || me.name} closeLabel={t("close")} onClose={onClose}>
      <p class="hint">{me.roles.map((role) => codeText("role", role)).join(" · ")}</p>
      <nav class="row only-phone" aria-label={t("more_pages")}>
        {PAGES.filter((row) => row.isSecond && may(row.needs)).map((row) => (
          <a key={row.path} class="button" href={`/${row.path}`} onClick={onClose}>
            {t(`nav_${row.path}`)}
          </a>
        ))}
      </nav>
      <div class="stack">
        <h3>{t("display")}</h3>
        <div class="row">
          <Segmented
            label={t("colours")}
            value={theme}
            options={THEMES.map((value) => ({ value, label: t(`theme_${value}`) }))}
            onChoose={(value) => prefer({ theme: value as Theme })}
          />
          <Segmented
            label={t("text_size")}
            value={isLarge ? "large" : "normal"}
            options={["normal", "large"].map((value) => ({ value, label: t(`text_${value}`) }))}
            onChoose={(value) => prefer({ isLarge: value === "large" })}
          />
        </div>
      </div>
      <PasswordForm />
      <div class="row-end">
        <Button icon="out" onPress={() => void signOut()}>
          {t("sign_out")}
        </Button>
      </div>
    </Sheet>
  );
}

function PasswordForm() {
  const [isOpen, setOpen] = useState(false);
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [fault, setFault] = useState("");

  async function change(event: Event): Promise<void> {
    event.preventDefault();
    try {
      await ask("POST /api/v1/session/password", { body: { old_password: old, new_password: fresh } });
      tell(t("password_changed"));
      forgetSession();
    } catch (error) {
      setFault(faultText(error));
    }
  }

  if (!isOpen) {
    return (
      <div>
        <Button kind="quiet" icon="lock" onPress={() => setOpen(true)}>
          {t("change_password")}
        </Button>
      </div>
    );
  }
  return (
    <form class="stack" onSubmit={change}>
      <h3>{t("change_password")}</h3>
      <TextField label={t("old_password")} type="password" value={old} onInput={setOld} autocomplete="current-password" />
      <TextField
        label={t("new_password")}
        type="password"
        value={fresh}
        onInput={setFresh}
        autocomplete="new-password"
        hint={t("password_hint")}
        fault={fault}
      />
      <div class="row-end">
        <button type="submit" class="button button-main">
          {t("save")}
        </button>
      </div>
    </form>
  );
}
