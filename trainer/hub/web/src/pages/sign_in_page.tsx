// Name and password; says what is wrong without saying which of the two.

import { useState } from "preact/hooks";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { faultText } from "../faults.ts";
import { signIn } from "../session.ts";
import { t } from "../texts.ts";

export function SignInPage() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!name || !password || isBusy) return;
    setBusy(true);
    setFault("");
    try {
      await signIn(name.trim(), password);
    } catch (error) {
      setFault(faultText(error));
      setPassword("");
    } finally {
      setBusy(false);
    }
  }

  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <img src="/icon.svg" alt="" />
        <h1>{t("sign_in_title")}</h1>
        <TextField label={t("name")} value={name} onInput={setName} autocomplete="username" autoFocus />
        <TextField
          label={t("password")}
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
          fault={fault}
        />
        <button type="submit" class="button button-main" aria-disabled={isBusy || undefined}>
          {isBusy ? t("signing_in") : t("sign_in")}
        </button>
        <p class="hint">{t("sign_in_hint")}</p>
      </form>
    </main>
  );
}
