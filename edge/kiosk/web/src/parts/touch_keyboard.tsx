// A keyboard on the glass in the shopper's language: letters, digits, space, delete.

import { Icon } from "@tillsight/web-shared/icon.tsx";
import { useState } from "preact/hooks";
import { language, t } from "../texts.ts";

const LAYOUTS: Readonly<Record<string, readonly string[]>> = {
  en: ["qwertyuiop", "asdfghjkl", "zxcvbnm"],
  de: ["qwertzuiopü", "asdfghjklöä", "yxcvbnmß"],
  es: ["qwertyuiop", "asdfghjklñ", "zxcvbnmáéíóú"],
  fr: ["azertyuiop", "qsdfghjklm", "wxcvbnéèàç"],
  ar: ["ضصثقفغعهخحج", "شسيبلاتنمكط", "ئءؤرىةوزظدذ"],
};
const DIGITS = ["1234567890"];

type Edit = (change: (query: string) => string) => void;

export function TouchKeyboard({ onKey }: { onKey: Edit }) {
  const [isHidden, setIsHidden] = useState(false);
  if (isHidden) return null;
  const rows = [...DIGITS, ...(LAYOUTS[language.value] ?? LAYOUTS["en"] ?? [])];
  return (
    <div class="keyboard" dir={language.value === "ar" ? "rtl" : "ltr"} onPointerDown={keepFocus}>
      {rows.map((row) => (
        <div key={row} class="keyboard-row">
          {[...row].map((letter) => (
            <button key={letter} type="button" tabIndex={-1} onClick={() => onKey((query) => query + letter)}>
              {letter}
            </button>
          ))}
        </div>
      ))}
      <div class="keyboard-row">
        <button type="button" class="key-wide" tabIndex={-1} aria-label={t("key_hide")} onClick={() => setIsHidden(true)}>
          <Icon name="keyboard_hide" />
        </button>
        <button type="button" class="key-space" tabIndex={-1} onClick={() => onKey((query) => `${query} `)}>
          {t("key_space")}
        </button>
        <button
          type="button"
          class="key-wide"
          tabIndex={-1}
          aria-label={t("key_delete")}
          onClick={() => onKey((query) => [...query].slice(0, -1).join(""))}
        >
          <Icon name="erase" />
        </button>
      </div>
    </div>
  );
}

/** The caret stays in the field while fingers are on these keys. */
function keepFocus(event: Event): void {
  event.preventDefault();
}
