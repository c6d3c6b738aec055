// How a box is, as a badge: what the hub knows first, then what the box said of itself.

import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import type { BoxLine } from "./api_types.ts";
import { t } from "./texts.ts";

const TONES: Readonly<Record<string, Tone>> = {
  ok: "good",
  degraded: "ask",
  failed: "bad",
  silent: "bad",
  pending: "ask",
  quarantined: "bad",
  revoked: "calm",
  replaced: "calm",
  new: "calm",
};

export function healthOf(box: BoxLine): string {
  if (box.status !== "enrolled") return box.status;
  if (!box.seen_at) return "new";
  return box.is_silent ? "silent" : box.verdict || "ok";
}

export function HealthBadge({ box }: { box: BoxLine }) {
  const health = healthOf(box);
  return <Badge tone={TONES[health] ?? "calm"}>{t(`health_${health}`)}</Badge>;
}

/** Long digests: the first characters are enough to compare by eye. */
export function shortId(id: string): string {
  return id.length > 16 ? id.slice(0, 12) : id;
}
