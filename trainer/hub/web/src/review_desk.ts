// The reviewer's desk: the case on it, the next one fetched ahead, steps that can be taken back.

import { batch, computed, signal } from "@preact/signals";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "./api.ts";
import type { AnswerReply, CaseReply, QueueReply, StatsReply } from "./api_types.ts";
import { faultText } from "./faults.ts";
import { acceptBest, answerOf, draftOf, openBoxes, type Draft, type DraftBox } from "./review_draft.ts";
import { t } from "./texts.ts";

export const current = signal<CaseReply | null>(null);
export const draft = signal<Draft>([]);
export const cameraId = signal("");
export const itemId = signal("");
export const isEmpty = signal(false);
export const fault = signal("");
export const stats = signal<StatsReply | null>(null);
export const queue = signal<QueueReply | null>(null);
export const lastAnswer = signal<AnswerReply | null>(null);

let steps: Draft[] = [];
let ahead: Promise<CaseReply | null> | null = null;
let shownAt = 0;
let isSending = false;

export const picture = computed(() => draft.value.find((one) => one.cameraId === cameraId.value) ?? draft.value[0]);
export const box = computed<DraftBox | undefined>(() => picture.value?.boxes.find((one) => one.itemId === itemId.value));
export const numOpen = computed(() => openBoxes(draft.value).length);

export async function start(): Promise<void> {
  void count();
  if (!current.value) await advance();
}

/** Put a changed draft on the desk; the one before can be taken back. */
export function step(changed: Draft): void {
  steps.push(draft.value);
  draft.value = changed;
}

export function focus(camera: string, item: string): void {
  batch(() => {
    cameraId.value = camera;
    itemId.value = item;
  });
}

/** The next box that nobody has judged yet: in this picture first, then in the others. */
export function focusNextOpen(): void {
  const open = openBoxes(draft.value);
  const here = open.find((one) => one.picture.cameraId === cameraId.value) ?? open[0];
  if (here) focus(here.picture.cameraId, here.box.itemId);
}

/** Accept what is proposed for the rest and send; where a box has no proposal, go to it. */
export async function send(): Promise<void> {
  if (!current.value || isSending) return;
  const whole = acceptBest(draft.value);
  if (openBoxes(whole).length) {
    step(whole);
    focusNextOpen();
    return;
  }
  isSending = true;
  try {
    const seconds = Math.min(3600, Math.round((performance.now() - shownAt) / 100) / 10);
    const path = { case_id: current.value.case_id };
    lastAnswer.value = await ask("POST /api/v1/cases/{case_id}/answer", { path, body: answerOf(whole, seconds) });
    tell(t("answer_sent"), { label: t("undo"), run: () => void takeBack() });
    await advance();
    void count();
  } catch (error) {
    fault.value = faultText(error);
  } finally {
    isSending = false;
  }
}

export async function skip(reason: string): Promise<void> {
  if (!current.value) return;
  try {
    await ask("POST /api/v1/cases/{case_id}/skip", { path: { case_id: current.value.case_id }, body: { reason } });
    lastAnswer.value = null;
    await advance();
    void count();
  } catch (error) {
    fault.value = faultText(error);
  }
}

/** One step of this case back; where there is none, my last answer comes back to the desk. */
export async function undo(): Promise<void> {
  const before = steps.pop();
  if (before) {
    draft.value = before;
    return;
  }
  await takeBack();
}

/** My last answer comes back to the desk. */
async function takeBack(): Promise<void> {
  try {
    const { case_id } = await ask("POST /api/v1/review/undo");
    lay(await ask("GET /api/v1/cases/{case_id}", { path: { case_id } }));
    lastAnswer.value = null;
    void count();
  } catch (error) {
    fault.value = faultText(error);
  }
}

async function advance(): Promise<void> {
  try {
    const found = await (ahead ?? fetchNext([]));
    ahead = null;
    lay(found);
    if (found) ahead = fetchNext([found.case_id]);
  } catch (error) {
    ahead = null;
    fault.value = faultText(error);
  }
}

/** The next case and its pictures, while the person still looks at this one. */
async function fetchNext(exclude: readonly string[]): Promise<CaseReply | null> {
  const found = await ask("POST /api/v1/cases/next", { body: { exclude: [...exclude] } });
  for (const { url } of found?.pictures ?? []) new Image().src = url;
  return found ?? null;
}

function lay(found: CaseReply | null): void {
  steps = [];
  shownAt = performance.now();
  batch(() => {
    fault.value = "";
    current.value = found;
    isEmpty.value = !found;
    draft.value = found ? draftOf(found) : [];
    cameraId.value = found?.pictures[0]?.camera_id ?? "";
    itemId.value = "";
    focusNextOpen();
  });
}

async function count(): Promise<void> {
  [queue.value, stats.value] = await Promise.all([
    ask("GET /api/v1/review/queue"),
    ask("GET /api/v1/review/stats/mine"),
  ]);
}
