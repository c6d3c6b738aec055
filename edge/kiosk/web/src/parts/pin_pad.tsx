// The attendant's PIN, by finger or keyboard.

import { useState } from "preact/hooks";
import { admit } from "../live.ts";
import { codeText, t } from "../texts.ts";
import { Keypad } from "./keypad.tsx";

export function PinPad() {
  const [pin, setPin] = useState("");
  const [problem, setProblem] = useState("");
  const enter = async () => {
    const code = await admit(pin);
    setPin("");
    setProblem(code && codeText("error", code));
  };
  return (
    <form
      class="pin"
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      <input
        class="field"
        type="password"
        inputMode="none"
        autocomplete="off"
        aria-label={t("staff_pin")}
        placeholder={t("staff_pin")}
        value={pin}
        onInput={(event) => setPin(event.currentTarget.value)}
      />
      <p class="pin-problem" role="alert">
        {problem}
      </p>
      <Keypad onKey={(key) => setPin(key ? pin + key : pin.slice(0, -1))}>
        <button type="submit" class="button button-main">
          {t("staff_enter")}
        </button>
      </Keypad>
    </form>
  );
}
