// Lanes that need a person, longest waiting first: what the camera sees, why, and what one may do.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { useState } from "preact/hooks";
import { command } from "../live.ts";
import { queue } from "../state.ts";
import { codeText, money, t } from "../texts.ts";
import type { QueueEntry } from "../wire.ts";

export function LaneQueue() {
  return (
    <section class="staff-queue">
      <h3>{t("staff_queue")}</h3>
      {queue.value.length === 0 && (
        <p class="queue-calm">
          <Icon name="check" />
          {t("staff_queue_empty")}
        </p>
      )}
      <ul>
        {queue.value.map((entry) => (
          <QueueRow key={entry.lane_id} entry={entry} />
        ))}
      </ul>
    </section>
  );
}

function QueueRow({ entry }: { entry: QueueEntry }) {
  const reasons = [...new Set(entry.reasons.map((reason) => codeText("reason", reason)))];
  return (
    <li class="queue-row" data-lane={entry.lane_id}>
      <QueuePicture entry={entry} />
      <span class="queue-words">
        <strong>{t("lane", { lane: entry.lane_id })}</strong>
        <small>{reasons.join(" · ")}</small>
      </span>
      <span class="queue-total">{money(entry.total_minor, entry)}</span>
      <div class="queue-ways">
        {entry.age_limit > 0 && (
          <Button kind="main" icon="check" onPress={() => void checkAge(entry)}>
            {t("staff_age_ok")}: {t("staff_age_text", { age: entry.age_limit })}
          </Button>
        )}
        {entry.reasons.includes("help.called") && (
          <Button kind="soft" icon="check" onPress={() => void command({ type: "help_done" }, entry.lane_id)}>
            {t("staff_help_done")}
          </Button>
        )}
        {entry.ask_ids.slice(0, 1).map((askId) => (
          <Button key={askId} icon="close" onPress={() => void leaveOut(entry, askId)}>
            {t("staff_remove_ask")}
          </Button>
        ))}
      </div>
    </li>
  );
}

/** The item in question as that lane's camera sees it, else a calm sign for the reason. */
function QueuePicture({ entry }: { entry: QueueEntry }) {
  const [failed, setFailed] = useState("");
  const itemId = entry.item_ids[0];
  const source = itemId ? `/api/items/${encodeURIComponent(itemId)}/crop?${new URLSearchParams({ lane: entry.lane_id })}` : "";
  if (!source || failed === source) {
    return (
      <span class="queue-sign">
        <Icon name={entry.reasons.includes("blind") ? "camera_off" : "person"} size="1.9rem" />
      </span>
    );
  }
  return <img src={source} alt={t("ask_picture")} onError={() => setFailed(source)} />;
}

function checkAge(entry: QueueEntry): Promise<boolean> {
  return command({ type: "check_age", basket_id: entry.basket_id, age_limit: entry.age_limit }, entry.lane_id);
}

function leaveOut(entry: QueueEntry, askId: string): Promise<boolean> {
  return command({ type: "answer_ask", ask_id: askId, sku_id: "" }, entry.lane_id);
}
