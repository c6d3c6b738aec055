// What was decided, by whom, on which numbers; and the boxes that need a look.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import type { BoxProgressReply, DecisionReply, RolloutReply } from "../api_types.ts";
import { stepTone } from "../rollout_words.tsx";
import { codeText, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

export const BOXES: readonly Column<BoxProgressReply>[] = [
  { key: "box", title: t("box"), isMain: true, cell: (box) => box.box_id },
  { key: "ring", title: t("ring"), cell: (box) => box.ring },
  {
    key: "step",
    title: t("state"),
    cell: (box) => (
      <span class="row">
        <Badge tone={stepTone(box.step)}>{codeText("step", box.step)}</Badge>
        {box.is_silent && <Badge tone="bad">{t("step_silent")}</Badge>}
      </span>
    ),
  },
  { key: "reason", title: t("why"), cell: (box) => box.reason },
  { key: "shadow", title: t("shadow"), cell: (box) => t("shadow_counts", { wins: box.wins, losses: box.losses, ties: box.ties }) },
  { key: "seen", title: t("seen"), cell: (box) => box.seen_at && <time title={exactly(box.seen_at)}>{ago(box.seen_at)}</time> },
];

export function TroubledPanel({ of }: { of: RolloutReply }) {
  return (
    <section class="panel panel-ask" aria-label={t("troubled_boxes")}>
      <div class="panel-head">
        <h2>{t("troubled_boxes")}</h2>
      </div>
      <DataTable
        label={t("troubled_boxes")}
        columns={BOXES}
        rows={of.troubled_boxes}
        rowKey={(box) => box.box_id}
        href={(box) => `/fleet/${encodeURIComponent(box.box_id)}`}
      />
    </section>
  );
}

export function DecisionPanel({ of }: { of: RolloutReply }) {
  return (
    <section class="panel" aria-label={t("decisions")}>
      <div class="panel-head">
        <h2>{t("decisions")}</h2>
      </div>
      <ul class="list">
        {[...of.decisions].reverse().map((one) => (
          <Decision key={one.decision_id} one={one} />
        ))}
      </ul>
    </section>
  );
}

function Decision({ one }: { one: DecisionReply }) {
  const numbers = Object.entries(one.numbers);
  const isPlain = one.reason.endsWith(` by ${one.by}`);
  return (
    <li>
      <span class="grow">
        <strong>{codeText("act", one.action)}</strong> {[one.ring, isPlain ? "" : one.reason].filter(Boolean).join(": ")}
        {one.note && <q class="block">{one.note}</q>}
        <span class="hint block">
          {one.by}, <time title={exactly(one.at)}>{ago(one.at)}</time>
        </span>
        {numbers.length > 0 && (
          <details>
            <summary class="hint">{t("numbers_then")}</summary>
            <dl class="facts">
              {numbers.map(([name, value]) => (
                <>
                  <dt key={name}>{codeText("number", name)}</dt>
                  <dd>{Number(value.toFixed(2))}</dd>
                </>
              ))}
            </dl>
          </details>
        )}
      </span>
    </li>
  );
}
