// How a rollout, a ring and a box's step are said: words, tones, the order in which steps are shown.

import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import type { RingReply, RolloutRow } from "./api_types.ts";
import { t } from "./texts.ts";

const PHASE_TONES: Readonly<Record<RolloutRow["phase"], Tone>> = {
  running: "accent",
  held: "ask",
  stopped: "bad",
  withdrawn: "calm",
  done: "good",
};

const RING_TONES: Readonly<Record<RingReply["state"], Tone>> = {
  waiting: "calm",
  current: "accent",
  passed: "good",
  withdrawn: "bad",
};

/** From told to confirmed, then what went wrong; `silent` and `offline` lie across the others. */
export const STEPS = ["offered", "fetched", "held", "swapped", "confirmed", "refused", "rolled_back", "silent", "offline"] as const;
export type StepName = (typeof STEPS)[number];

const STEP_TONES: Readonly<Record<StepName, Tone>> = {
  offered: "calm",
  fetched: "accent",
  held: "ask",
  swapped: "accent",
  confirmed: "good",
  refused: "bad",
  rolled_back: "bad",
  silent: "bad",
  offline: "calm",
};

export function PhaseBadge({ phase }: { phase: RolloutRow["phase"] }) {
  return <Badge tone={PHASE_TONES[phase]}>{t(`phase_${phase}`)}</Badge>;
}

export function RingBadge({ state }: { state: RingReply["state"] }) {
  return <Badge tone={RING_TONES[state]}>{t(`ring_is_${state}`)}</Badge>;
}

export function stepTone(step: string): Tone {
  return STEP_TONES[step as StepName] ?? "calm";
}

export function rolloutHref(id: number): string {
  return `/rollouts/${id}`;
}
