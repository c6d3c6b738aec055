// One short message at a time, at the bottom; with an action where something can be undone.

import { signal } from "@preact/signals";
import { Button } from "./button.tsx";

interface Told {
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
}

const SHOWN_MS = 6_000;
const told = signal<Told | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

export function tell(text: string, action?: Told["action"]): void {
  told.value = { text, action };
  clearTimeout(timer);
  timer = setTimeout(() => {
    told.value = null;
  }, SHOWN_MS);
}

export function Toaster() {
  const current = told.value;
  return (
    <div class="toaster" role="status" aria-live="polite">
      {current && (
        <p class="toast" key={current.text}>
          {current.text}
          {current.action && (
            <Button
              kind="quiet"
              onPress={() => {
                current.action?.run();
                told.value = null;
              }}
            >
              {current.action.label}
            </Button>
          )}
        </p>
      )}
    </div>
  );
}
