// One account: roles, the name others see, a new password, closed or open.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { AccountReply, Role } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { codeText, t } from "../texts.ts";

const ROLES: readonly Role[] = ["viewer", "reviewer", "trainer", "approver", "operator", "admin"];

interface Props {
  account: AccountReply | undefined;
  onClose: () => void;
  onDone: () => void;
}

export function AccountForm({ account, onClose, onDone }: Props) {
  const [name, setName] = useState("");
  const [shown, setShown] = useState(account?.display_name ?? "");
  const [roles, setRoles] = useState<readonly Role[]>(account?.roles ?? ["viewer"]);
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState("");
  const path = { name: account?.name ?? "" };

  async function run(work: () => Promise<unknown>, done: string): Promise<void> {
    try {
      await work();
      tell(done);
      onDone();
    } catch (error) {
      setFault(faultText(error));
    }
  }
  function save(event: Event): void {
    event.preventDefault();
    const body = { display_name: shown.trim(), roles: [...roles] };
    if (account) void run(() => ask("PATCH /api/v1/accounts/{name}", { path, body }), t("account_saved", { name: account.name }));
    else void run(() => ask("POST /api/v1/accounts", { body: { ...body, name: name.trim(), password } }), t("account_made", { name }));
  }
  const setActive = (isActive: boolean) =>
    run(() => ask("PATCH /api/v1/accounts/{name}", { path, body: { is_active: isActive } }), t("account_saved", { name: path.name }));
  const setNewPassword = () =>
    run(() => ask("POST /api/v1/accounts/{name}/password", { path, body: { password } }), t("password_set"));

  return (
    <Sheet title={account?.name ?? t("new_account")} closeLabel={t("close")} onClose={onClose}>
      <form class="stack" onSubmit={save}>
        {!account && <TextField label={t("name")} value={name} onInput={setName} hint={t("account_name_hint")} autoFocus />}
        <TextField label={t("display_name")} value={shown} onInput={setShown} />
        <fieldset class="plain">
          <legend class="hint">{t("roles")}</legend>
          <div class="roles">
            {ROLES.map((role) => (
              <label key={role} class="yes">
                <input
                  type="checkbox"
                  checked={roles.includes(role)}
                  onChange={() => setRoles(roles.includes(role) ? roles.filter((one) => one !== role) : [...roles, role])}
                />
                {codeText("role", role)}
              </label>
            ))}
          </div>
        </fieldset>
        <TextField
          label={account ? t("set_password") : t("first_password")}
          type="password"
          autocomplete="new-password"
          value={password}
          onInput={setPassword}
          hint={t("first_password_hint")}
          fault={fault}
        />
        <div class="row-end">
          {account && (
            <Button kind={account.is_active ? "danger" : "plain"} onPress={() => void setActive(!account.is_active)}>
              {t(account.is_active ? "close_account" : "open_account")}
            </Button>
          )}
          {account && password && <Button onPress={() => void setNewPassword()}>{t("set_password")}</Button>}
          <button type="submit" class="button button-main">
            {t(account ? "save" : "make_account")}
          </button>
        </div>
        {account?.is_active && <p class="hint">{t("close_account_hint")}</p>}
      </form>
    </Sheet>
  );
}
