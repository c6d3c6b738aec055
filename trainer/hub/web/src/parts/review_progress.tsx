// How much is left, how many I did, how fast, and how often the known truth agreed with me.

import { Meter } from "@tillsight/web-shared/meter.tsx";
import { queue, stats } from "../review_desk.ts";
import { t } from "../texts.ts";

export function ReviewProgress() {
  const left = queue.value;
  const mine = stats.value;
  if (!left || !mine) return null;
  const waiting = left.new + left.second + left.disputed;
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
