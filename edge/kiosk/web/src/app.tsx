// The page: one quiet row at the top, notices, the screen the basket asks for, sheets over it.

import { IdleDialog } from "./parts/idle_dialog.tsx";
import { LazyDesk } from "./parts/lazy_desk.tsx";
import { Notices } from "./parts/notices.tsx";
import { PracticeBanner } from "./parts/practice_banner.tsx";
import { TopBar } from "./parts/top_bar.tsx";
import { CalmScreen } from "./screens/calm_screen.tsx";
import { PaidScreen } from "./screens/paid_screen.tsx";
import { PayingScreen } from "./screens/paying_screen.tsx";
import { ShoppingScreen } from "./screens/shopping_screen.tsx";
import { WelcomeScreen } from "./screens/welcome_screen.tsx";
import { HelpSheet, CancelSheet } from "./screens/help_sheet.tsx";
import { LineSheet } from "./screens/line_sheet.tsx";
import { LoyaltySheet } from "./screens/loyalty_sheet.tsx";
import { SearchSheet } from "./screens/search_sheet.tsx";
import { SettingsSheet } from "./screens/settings_sheet.tsx";
import { WeightSheet } from "./screens/weight_sheet.tsx";
import { announcement } from "./speech.ts";
import { basket, hello, screen, sheet, toast } from "./state.ts";
import { t } from "./texts.ts";

export function App() {
  return (
    <div class="app" data-screen={screen.value} data-practice={basket.value?.is_practice || undefined}>
      <a class="skip" href="#basket">
        {t("skip_to_basket")}
      </a>
      <TopBar />
      <PracticeBanner />
      <Notices />
      <main class="stage">
        <CurrentScreen />
      </main>
      <OpenSheet />
      <IdleDialog />
      {toast.value && (
        <p class="toast" role="status">
          {toast.value}
        </p>
      )}
      <p class="visually-hidden" aria-live="polite">
        {announcement.value}
      </p>
    </div>
  );
}

function CurrentScreen() {
  if (hello.value?.is_handheld) return <LazyDesk part="HandheldScreen" />;
  switch (screen.value) {
    case "welcome":
      return <WelcomeScreen />;
    case "shopping":
      return <ShoppingScreen />;
    case "paying":
      return <PayingScreen />;
    case "paid":
      return <PaidScreen />;
    default:
      return <CalmScreen name={screen.value} />;
  }
}

function OpenSheet() {
  const open = sheet.value;
  switch (open.name) {
    case "search":
      return <SearchSheet purpose={open} />;
    case "line":
      return <LineSheet key={open.lineId} lineId={open.lineId} />;
    case "weight":
      return <WeightSheet skuId={open.skuId} />;
    case "loyalty":
      return <LoyaltySheet />;
    case "settings":
      return <SettingsSheet />;
    case "help":
      return <HelpSheet />;
    case "cancel":
      return <CancelSheet />;
    case "price":
    case "sales":
    case "totals":
    case "handheld":
    case "staff":
      return <LazyDesk part="DeskSheet" />;
    default:
      return null;
  }
}
