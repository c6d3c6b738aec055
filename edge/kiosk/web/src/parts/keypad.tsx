// Ten digits and delete, as on a till; the last place is for what ends the entry.

import { Icon } from "@tillsight/web-shared/icon.tsx";
import type { ComponentChildren } from "preact";
import { t } from "../texts.ts";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0"];

/** `onKey` gets a digit, or an empty text for delete. */
export function Keypad({ onKey, children }: { onKey: (key: string) => void; children: ComponentChildren }) {
  return (
    <div class="pin-keys" dir="ltr">
      {KEYS.map((key) => (
        <button key={key} type="button" class="button" aria-label={key || t("key_delete")} onClick={() => onKey(key)}>
          {key || <Icon name="erase" />}
        </button>
      ))}
      {children}
    </div>
  );
}
