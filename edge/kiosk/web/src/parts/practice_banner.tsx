// While staff train: a band across every screen, and the way back to real sales for anybody.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { command } from "../live.ts";
import { basket } from "../state.ts";
import { t } from "../texts.ts";

export function PracticeBanner() {
  if (!basket.value?.is_practice) return null;
  return (
    <div class="practice-band" role="status" data-notice="practice">
      <Icon name="info" size="1.9em" />
      <p>
        <strong>{t("practice_title")}</strong> {t("practice_band")}
      </p>
      <Button onPress={() => void command({ type: "end_practice" })}>{t("practice_end")}</Button>
    </div>
  );
}
