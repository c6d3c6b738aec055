// Who may sign in: people, their roles, and closing an account without losing what it did.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import type { Column } from "@tillsight/web-shared/data_table.tsx";
import { ask } from "../api.ts";
import type { AccountReply } from "../api_types.ts";
import { AccountForm } from "../parts/account_form.tsx";
import { LocalTable } from "../parts/local_table.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { codesOf, codeText, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const VALUES = {
  name: (account: AccountReply) => account.display_name || account.name,
  roles: (account: AccountReply) => account.roles.join(),
  state: (account: AccountReply) => Number(!account.is_active),
  login: (account: AccountReply) => account.last_login_at ?? "",
};

export function AccountsPage() {
  const role = place.value.query.get("role") ?? "";
  const [open, setOpen] = useState<AccountReply | "new" | null>(null);
  const accounts = useResource("accounts", (stop) => ask("GET /api/v1/accounts", {}, stop));
  const columns: readonly Column<AccountReply>[] = [
    {
      key: "name",
      title: t("person"),
      isMain: true,
      cell: (account) => (
        <span>
          {account.display_name || account.name}
          <span class="hint block">{account.name}</span>
        </span>
      ),
    },
    { key: "roles", title: t("roles"), cell: (account) => account.roles.map((role) => codeText("role", role)).join(", ") },
    {
      key: "state",
      title: t("state"),
      cell: ({ is_active: isActive }) => <Badge tone={isActive ? "good" : "calm"}>{t(isActive ? "account_active" : "account_closed")}</Badge>,
    },
    {
      key: "login",
      title: t("last_login"),
      cell: ({ last_login_at: at }) => (at ? <time title={exactly(at)}>{ago(at)}</time> : t("never")),
    },
    {
      key: "edit",
      title: t("edit"),
      cell: (account) => (
        <Button class="button-small" label={`${t("edit")}: ${account.name}`} onPress={() => setOpen(account)}>
          {t("edit")}
        </Button>
      ),
    },
  ];
  return (
    <Page
      title={t("nav_accounts")}
      note={t("accounts_note")}
      actions={
        <Button kind="main" icon="add" onPress={() => setOpen("new")}>
          {t("new_account")}
        </Button>
      }
    >
      <Loaded from={accounts}>
        {(found) => (
          <LocalTable
            label={t("nav_accounts")}
            columns={columns}
            values={VALUES}
            sort="name"
            words={(account) => `${account.name} ${account.display_name} ${account.roles.map((one) => codeText("role", one)).join(" ")}`}
            searchLabel={t("search_accounts")}
            isFiltered={role !== ""}
            filters={
              <Select
                label={t("role")}
                value={role}
                options={[{ value: "", label: t("all") }, ...codesOf("role").map((value) => ({ value, label: t(`role_${value}`) }))]}
                onChoose={(value) => setQuery({ role: value, offset: "" })}
              />
            }
            rows={found.filter((account) => !role || (account.roles as readonly string[]).includes(role))}
            rowKey={(account) => account.name}
          />
        )}
      </Loaded>
      {open && (
        <AccountForm
          account={open === "new" ? undefined : open}
          onClose={() => setOpen(null)}
          onDone={() => {
            setOpen(null);
            accounts.reload();
          }}
        />
      )}
    </Page>
  );
}
