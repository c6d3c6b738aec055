// The warning before anything times out: seen, heard where speech is on, and easy to answer.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useEffect } from "preact/hooks";
import { isLeaving, stillHere } from "../idle.ts";
import { say } from "../speech.ts";
import { t } from "../texts.ts";

export function IdleDialog() {
  return isLeaving.value ? <Warning /> : null;
}

function Warning() {
  useEffect(() => say(`${t("idle_title")} ${t("idle_text")}`), []);
  return (
    <Sheet title={t("idle_title")} closeLabel={t("close")} onClose={stillHere}>
      <p class="sheet-lead">{t("idle_text")}</p>
      <Button kind="main" size="big" onPress={stillHere}>
        {t("idle_yes")}
      </Button>
    </Sheet>
  );
}
