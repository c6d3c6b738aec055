// A secret that the hub tells once: shown, copied, and gone when the sheet closes.

import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { t } from "../texts.ts";

export function SecretShown({ secret, hint, onClose }: { secret: string; hint: string; onClose: () => void }) {
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(secret);
    tell(t("copied"));
  }
  return (
    <div class="stack">
      <Banner tone="ask" icon="lock" title={t("secret_once")}>
        <p>{hint}</p>
      </Banner>
      <p class="code secret">{secret}</p>
      <div class="row-end">
        {window.isSecureContext && (
          <Button icon="log" onPress={() => void copy()}>
            {t("copy")}
          </Button>
        )}
        <Button kind="main" onPress={onClose}>
          {t("done")}
        </Button>
      </div>
    </div>
  );
}
