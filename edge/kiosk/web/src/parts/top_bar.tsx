// The quiet row at the top: whose counter this is, language, display, help.

import { Icon } from "@tillsight/web-shared/icon.tsx";
import { hello, isAttendant, openSheet } from "../state.ts";
import { LANGUAGE_NAMES, language, t } from "../texts.ts";

export function TopBar() {
  const shop = hello.value;
  return (
    <header class="top-bar">
      <p class="brand">
        <img src="/icon.svg" alt="" width="40" height="40" />
        <span>{shop?.store ?? "Tillsight"}</span>
        {shop && shop.lanes.length > 1 && <span class="brand-lane">{t("lane", { lane: shop.lane_id })}</span>}
      </p>
      <nav class="top-actions" aria-label={t("settings_title")}>
        {isAttendant.value && (
          <button type="button" class="button button-soft" onClick={() => openSheet({ name: "staff" })}>
            <Icon name="lock" />
            <span>{t("staff_active")}</span>
          </button>
        )}
        <button type="button" class="button" onClick={() => openSheet({ name: "settings" })}>
          <Icon name="globe" />
          <span>{LANGUAGE_NAMES[language.value] ?? language.value}</span>
          <span class="visually-hidden">, {t("settings")}</span>
        </button>
        <button type="button" class="button" onClick={() => openSheet({ name: "help" })}>
          <Icon name="help" />
          <span>{t("help")}</span>
        </button>
      </nav>
    </header>
  );
}
