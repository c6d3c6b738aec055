// A word with a sign: how something is. The sign keeps it readable without colour.

import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

export type Tone = "good" | "ask" | "bad" | "calm" | "accent";

const SIGNS: Record<Tone, IconName> = {
  good: "check",
  ask: "question",
  bad: "warning",
  calm: "minus",
  accent: "info",
};

export function Badge({ tone, icon, children }: { tone: Tone; icon?: IconName; children: ComponentChildren }) {
  return (
    <span class={`badge badge-${tone}`}>
      <Icon name={icon ?? SIGNS[tone]} size="1.1em" />
      <span>{children}</span>
    </span>
  );
}
