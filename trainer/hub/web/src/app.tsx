// The frame: navigation by what this person may do, the page that the address names, sign-in before.

import { Button } from "@tillsight/web-shared/button.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { Toaster } from "@tillsight/web-shared/toaster.tsx";
import { useState } from "preact/hooks";
import { GROUPS, PAGES, type Group } from "./navigation.ts";
import { openPage, OpenedPage } from "./opened_page.tsx";
import { AccountSheet } from "./parts/account_sheet.tsx";
import { Waiting } from "./parts/page.tsx";
import { SignInPage } from "./pages/sign_in_page.tsx";
import { go, place } from "./router.ts";
import { may, session } from "./session_state.ts";
import { codeText, t } from "./texts.ts";

export function App() {
  if (session.value === undefined) return <Waiting />;
  if (session.value === null) return <SignInPage />;
  return (
    <div class="shell">
      <a class="skip" href="#main">
        {t("skip")}
      </a>
      <Side />
      <main id="main" class="main" tabIndex={-1}>
        <CurrentPage />
      </main>
      <Toaster />
    </div>
  );
}

function Side() {
  const [isOpen, setOpen] = useState(false);
  const me = session.value;
  if (!me) return null;
  const name = me.display_name || me.name;
  return (
    <header class="side">
      <a class="brand" href="/" aria-label={t("brand_home")}>
        <img src="/icon.svg" alt="" />
        <span>Tillsight</span>
      </a>
      <nav class="nav" aria-label={t("navigation")}>
        {GROUPS.map((group) => (
          <NavGroup key={group} group={group} />
        ))}
      </nav>
      <button type="button" class="me" onClick={() => setOpen(true)} title={t("account_of")}>
        <span class="me-face" aria-hidden="true">
          {name.slice(0, 1)}
        </span>
        <span class="me-words">
          <strong>{name}</strong>
          <span class="hint">{me.roles.map((role) => codeText("role", role)).join(", ")}</span>
        </span>
      </button>
      {isOpen && <AccountSheet onClose={() => setOpen(false)} />}
    </header>
  );
}

function NavGroup({ group }: { group: Group }) {
  const rows = PAGES.filter((row) => row.group === group && may(row.needs));
  if (!rows.length) return null;
  return (
    <div class="nav-group" role="group" aria-label={t(`group_${group}`)}>
      <span class="nav-group-name" aria-hidden="true">
        {t(`group_${group}`)}
      </span>
      {rows.map((row) => (
        <a
          key={row.path}
          class="nav-link"
          href={`/${row.path}`}
          title={t(`nav_${row.path}`)}
          data-rank={row.isSecond ? "more" : "first"}
          onPointerEnter={() => void openPage(row.page)}
          aria-current={place.value.page === row.path ? "page" : undefined}
        >
          <Icon name={row.icon} />
          <span>{t(`nav_${row.path}`)}</span>
        </a>
      ))}
    </div>
  );
}

function CurrentPage() {
  const { page, rest } = place.value;
  const row = PAGES.find((candidate) => candidate.path === page);
  const [id] = rest;
  if (!row || (id !== undefined && !row.detail)) {
    return (
      <EmptyState icon="search" title={t("no_page")}>
        <Button kind="soft" onPress={() => go("/overview")}>
          {t("nav_overview")}
        </Button>
      </EmptyState>
    );
  }
  if (!may(row.needs)) {
    return (
      <EmptyState icon="lock" title={t("not_allowed")}>
        <p>{t("not_allowed_hint")}</p>
      </EmptyState>
    );
  }
  if (id !== undefined && row.detail) return <OpenedPage key={id} load={row.detail} with={{ id }} />;
  return <OpenedPage load={row.page} with={{}} />;
}
