// How much is left, how many I did, how fast, and how often the known truth agreed with me.

import { Meter } from "@tillsight/web-shared/meter.tsx";
import type { QueueReply } from "../api_types.ts";
import { queue, stats } from "../review_desk.ts";
import { t } from "../texts.ts";

/** "12 cases left", for the line under the title: the meter lies below the picture. */
export function waits(): string {
  return queue.value ? t("cases_left", { count: numWaiting(queue.value) }) : "";
}

export function ReviewProgress() {
  const left = queue.value;
  const mine = stats.value;
  if (!left || !mine) return null;
  const waiting = numWaiting(left);
  const all = waiting + left.labelled;
  return (
    <section class="panel progress" aria-label={t("progress")}>
      <Meter label={t("progress")} share={all ? left.labelled / all : 0} text={t("cases_left", { count: waiting })} />
      <dl class="figures">
        <Figure name={t("my_cases")} value={String(mine.num_answers)} />
        <Figure name={t("my_pace")} value={mine.num_answers ? t("unit_s", { value: mine.median_seconds }) : "–"} />
        <Figure name={t("my_gold")} value={share(mine.num_gold_right, mine.num_gold)} />
        <Figure name={t("my_agreement")} value={share(mine.num_agreed, mine.num_compared)} />
      </dl>
    </section>
  );
}

function numWaiting(left: QueueReply): number {
  return left.new + left.second + left.disputed;
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt class="hint">{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function share(part: number, whole: number): string {
  return whole ? `${Math.round((100 * part) / whole)} %` : "–";
}
