// How sure this store's boxes must be before they charge by themselves, and the labels behind it.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { ask } from "../api.ts";
import type { BundleMarginsReply, StoreMarginsReply } from "../api_types.ts";
import { percent } from "../gate_document.ts";
import { useResource } from "../resource.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";
import { Loaded } from "./page.tsx";

const MOST_BUNDLES = 4;

export function MarginPanel({ storeId }: { storeId: string }) {
  const path = { store_id: storeId };
  const found = useResource(`margins ${storeId}`, (stop) => ask("GET /api/v1/stores/{store_id}/margins", { path }, stop));
  return (
    <section class="panel" aria-label={t("margins")}>
      <div class="panel-head">
        <div>
          <h2>{t("margins")}</h2>
          <p class="hint">{t("margins_note")}</p>
        </div>
      </div>
      <Loaded from={found}>
        {(told) => (
          <ul class="list">
            {!told.is_on && <li class="hint">{t("margins_off")}</li>}
            {told.bundles.slice(0, MOST_BUNDLES).map((one) => (
              <li key={one.bundle_id}>
                <span class="grow">
                  <a class="plain-link" href={`/models/${one.bundle_id}`}>
                    {one.bundle_id.slice(0, 12)}
                  </a>
                  <span class="hint block">{marginText(one)}</span>
                  <span class="hint block" title={exactly(one.computed_at)}>
                    {`${labelText(one, told)}, ${ago(one.computed_at)}`}
                  </span>
                </span>
                <Badge tone={one.state === "proven" ? "good" : "calm"}>{t(`margins_${one.state}`)}</Badge>
              </li>
            ))}
            {told.bundles.length === 0 && <li class="hint">{t("margins_none")}</li>}
          </ul>
        )}
      </Loaded>
    </section>
  );
}

function marginText(one: BundleMarginsReply): string {
  if (!one.is_signed) return t("margins_own");
  const own = one.own_accept_margin ?? 0;
  return t("margins_signed", { accept: one.accept_margin.toFixed(2), own: own.toFixed(2) });
}

function labelText(one: BundleMarginsReply, told: StoreMarginsReply): string {
  if (one.state === "waiting") return t("margins_labels", { labels: one.num_labels, needed: told.num_needed });
  return t("margins_bound", {
    labels: one.num_labels,
    wrong: one.num_wrong,
    charged: one.num_charged,
    bound: percent(one.wrong_share_bound),
    contested: one.num_contested,
  });
}
