// The warning before anything times out: seen, heard where speech is on, and easy to answer.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useEffect } from "preact/hooks";
import { secondsLeft, stillHere } from "../idle.ts";
import { say } from "../speech.ts";
import { t } from "../texts.ts";

export function IdleDialog() {
  const left = secondsLeft.value;
  return left < 0 ? null : <Warning left={left} />;
}

function Warning({ left }: { left: number }) {
  useEffect(() => say(t("idle_title")), []);
  return (
    <Sheet title={t("idle_title")} closeLabel={t("close")} onClose={stillHere}>
      <p class="sheet-lead">{t("idle_text", { count: left })}</p>
      <Button kind="main" size="big" onPress={stillHere}>
        {t("idle_yes")}
      </Button>
    </Sheet>
  );
}
