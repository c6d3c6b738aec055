// The warning before anything times out: seen, heard where speech is on, and easy to answer.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useEffect } from "preact/hooks";
import { isGoingPlain, isLeaving, stillHere } from "../idle.ts";
import { say } from "../speech.ts";
import { t } from "../texts.ts";

export function IdleDialog() {
  if (isLeaving.value) return <Warning text={t("idle_text")} />;
  return isGoingPlain.value ? <Warning text={t("idle_plain_text")} /> : null;
}

function Warning({ text }: { text: string }) {
  useEffect(() => say(`${t("idle_title")} ${text}`), []);
  return (
    <Sheet title={t("idle_title")} closeLabel={t("close")} onClose={stillHere}>
      <p class="sheet-lead">{text}</p>
      <Button kind="main" size="big" onPress={stillHere}>
        {t("idle_yes")}
      </Button>
    </Sheet>
  );
}
