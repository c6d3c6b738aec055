// The five best guesses for the chosen box with their pictures, "not an item", "unknown", search.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { box } from "../review_desk.ts";
import type { Verdict } from "../review_draft.ts";
import { t } from "../texts.ts";
import { Picture } from "./picture.tsx";

interface Props {
  onChoose: (index: number) => void;
  onSearch: () => void;
  onDecide: (verdict: Verdict) => void;
}

export function CandidateList({ onChoose, onSearch, onDecide }: Props) {
  const chosen = box.value;
  if (!chosen) return <p class="hint">{t("choose_a_box")}</p>;
  return (
    <>
      <div class="panel-head">
        <h2>{t("what_is_it")}</h2>
        {chosen.kind && <Badge tone={chosen.kind === "sku" ? "good" : "calm"}>{chosen.name || t(`kind_${chosen.kind}`)}</Badge>}
      </div>
      {chosen.answered && <p class="hint">{t("shopper_said", { sku: chosen.answered })}</p>}
      {chosen.candidates.length === 0 && <p class="hint">{t("no_candidates")}</p>}
      <ol class="candidates">
        {chosen.candidates.map((candidate, i) => (
          <li key={candidate.sku_id}>
            <button
              type="button"
              class="candidate"
              aria-pressed={chosen.kind === "sku" && chosen.skuId === candidate.sku_id}
              onClick={() => onChoose(i)}
            >
              <kbd>{i + 1}</kbd>
              <Picture src={candidate.picture_url} />
              <span class="grow">{candidate.name}</span>
              <span class="hint">{`${Math.round(candidate.per_mille / 10)} %`}</span>
            </button>
          </li>
        ))}
      </ol>
      <div class="row">
        <button type="button" class="button button-small" aria-pressed={chosen.kind === "not_item"} onClick={() => onDecide({ kind: "not_item" })}>
          {t("kind_not_item")} <kbd>x</kbd>
        </button>
        <button type="button" class="button button-small" aria-pressed={chosen.kind === "unknown"} onClick={() => onDecide({ kind: "unknown" })}>
          {t("kind_unknown")} <kbd>u</kbd>
        </button>
        <button type="button" class="button button-small" onClick={onSearch}>
          <Icon name="search" size="1.1em" />
          {t("other_sku")} <kbd>/</kbd>
        </button>
      </div>
    </>
  );
}
