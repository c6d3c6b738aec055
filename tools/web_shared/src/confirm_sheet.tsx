// Asks before something dangerous; where it cannot be undone, the name of the thing must be typed.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button } from "./button.tsx";
import { Sheet } from "./sheet.tsx";
import { TextField } from "./text_field.tsx";

export interface ConfirmSheetProps {
  title: string;
  action: string;
  closeLabel: string;
  /** Typed by the person before the action works; empty for a simple yes. */
  name?: string;
  nameLabel?: string;
  reasonLabel?: string;
  isDangerous?: boolean;
  onConfirm: (reason: string) => void;
  onClose: () => void;
  children?: ComponentChildren;
}

const MIN_REASON = 3;

export function ConfirmSheet(props: ConfirmSheetProps) {
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const isRight = (!props.name || typed.trim() === props.name) && (!props.reasonLabel || reason.trim().length >= MIN_REASON);
  function confirm(event: Event): void {
    event.preventDefault();
    if (isRight) props.onConfirm(reason.trim());
  }
  return (
    <Sheet title={props.title} closeLabel={props.closeLabel} onClose={props.onClose} class="confirm">
      <form class="stack" onSubmit={confirm}>
        {props.children}
        {props.reasonLabel && <TextField label={props.reasonLabel} value={reason} onInput={setReason} autoFocus />}
        {props.name && <TextField label={props.nameLabel ?? props.name} value={typed} onInput={setTyped} />}
        <div class="row-end">
          <Button kind="quiet" onPress={props.onClose}>
            {props.closeLabel}
          </Button>
          <button
            type="submit"
            class={`button button-normal ${props.isDangerous ? "button-danger-main" : "button-main"}`}
            aria-disabled={!isRight || undefined}
          >
            {props.action}
          </button>
        </div>
      </form>
    </Sheet>
  );
}
