// How a run or a job is, as a badge; how long it took; where it is shown.

import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import type { JobReply, RunRow } from "./api_types.ts";
import { language, t } from "./texts.ts";

const RUN_TONES: Readonly<Record<RunRow["status"], Tone>> = {
  draft: "calm",
  queued: "ask",
  running: "accent",
  done: "good",
  failed: "bad",
  cancelled: "calm",
};
const JOB_TONES: Readonly<Record<JobReply["status"], Tone>> = {
  queued: "ask",
  leased: "accent",
  done: "good",
  failed: "bad",
  cancelled: "calm",
};

export function RunBadge({ status }: { status: RunRow["status"] }) {
  return <Badge tone={RUN_TONES[status]}>{t(`run_is_${status}`)}</Badge>;
}

export function JobBadge({ status }: { status: JobReply["status"] }) {
  return <Badge tone={JOB_TONES[status]}>{t(`job_is_${status}`)}</Badge>;
}

export function isUnderWay(status: string): boolean {
  return status === "queued" || status === "running" || status === "leased";
}

/** "2 h 4 min"; what still runs is counted to now. */
export function tookText(startedAt: string | null, finishedAt: string | null): string {
  if (!startedAt) return "";
  const end = finishedAt ? new Date(finishedAt).getTime() : Date.now();
  const seconds = Math.max(0, Math.round((end - new Date(startedAt).getTime()) / 1000));
  if (seconds < 60) return t("run_seconds", { seconds });
  if (seconds < 3600) return t("run_minutes", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
  return t("run_hours", { hours: Math.floor(seconds / 3600), minutes: Math.floor((seconds % 3600) / 60) });
}

/** Figures of runs: enough digits to tell two apart. */
export function figureText(value: number): string {
  const isOdd = value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e7);
  return isOdd ? value.toExponential(2) : value.toLocaleString(language.value, { maximumSignificantDigits: 4 });
}

export function numberText(value: number): string {
  return value.toLocaleString(language.value);
}

/** Bytes as people say them. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString(language.value, { maximumSignificantDigits: 3 })} ${units[unit]}`;
}
