// Help: call a person, read how it works, cancel, or the door for staff.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { command } from "../live.ts";
import { basket, closeSheet, hello, openSheet, screen, showToast } from "../state.ts";
import { t } from "../texts.ts";

export function HelpSheet() {
  const canCancel = screen.value === "shopping" && (basket.value?.lines.length ?? 0) > 0;
  return (
    <Sheet title={t("help_title")} closeLabel={t("close")} onClose={closeSheet}>
      <Button kind="main" size="big" icon="person" onPress={() => void callHelp()}>
        {t("help_call")}
      </Button>
      <section class="how">
        <h3>{t("help_how")}</h3>
        <ol>
          {[1, 2, 3, 4].map((step) => (
            <li key={step}>
              <span>{step}</span>
              {t(`help_how_${step}`)}
            </li>
          ))}
        </ol>
      </section>
      <div class="sheet-row">
        {canCancel && (
          <Button kind="danger" icon="trash" onPress={() => openSheet({ name: "cancel" })}>
            {t("help_cancel")}
          </Button>
        )}
        {hello.value?.has_attendant && (
          <Button kind="quiet" icon="lock" onPress={() => openSheet({ name: "staff" })}>
            {t("staff")}
          </Button>
        )}
      </div>
    </Sheet>
  );
}

export function CancelSheet() {
  return (
    <Sheet title={t("help_cancel_sure")} closeLabel={t("close")} onClose={closeSheet}>
      <p class="sheet-lead">{t("help_cancel_text")}</p>
      <div class="sheet-row">
        <Button kind="main" onPress={closeSheet}>
          {t("cancel_no")}
        </Button>
        <Button kind="danger" icon="trash" onPress={() => void cancel()}>
          {t("cancel_yes")}
        </Button>
      </div>
    </Sheet>
  );
}

async function callHelp(): Promise<void> {
  if (!(await command({ type: "call_help" }))) return;
  closeSheet();
  showToast(t("help_called"));
}

async function cancel(): Promise<void> {
  if (await command({ type: "cancel_basket" })) closeSheet();
}
