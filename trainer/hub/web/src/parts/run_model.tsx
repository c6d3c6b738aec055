// The model that a run ended in, where it was registered: its stage, and the way to its evidence.

import { ask } from "../api.ts";
import type { RunReply } from "../api_types.ts";
import { shortId } from "../fleet_words.tsx";
import { StageBadge } from "../pages/models_page.tsx";
import { useResource } from "../resource.ts";
import { flattened, valueText } from "../run_values.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";

const BUNDLE = /^[0-9a-f]{64}$/;

export function RunModel({ run }: { run: RunReply }) {
  const bundleId = bundleOf(run);
  const models = useResource(`model of ${bundleId}`, async (stop) => (bundleId && may("models.read") ? ask("GET /api/v1/models", { query: { limit: 500 } }, stop) : []));
  const model = models.value?.find((one) => one.bundle_id === bundleId);
  if (!model) return null;
  return (
    <section class="panel" aria-label={t("model")}>
      <div class="panel-head">
        <h2>{t("run_model")}</h2>
        <StageBadge stage={model.stage} />
      </div>
      <a class="plain-link" href={`/models/${bundleId}`}>
        {model.name} {model.version} <span class="code hint">{shortId(bundleId)}</span>
      </a>
    </section>
  );
}

/** The bundle that the run's result names. */
function bundleOf(run: RunReply): string {
  for (const [name, value] of flattened(run.result)) {
    const text = valueText(value);
    if ((name.split(".").at(-1) ?? "").startsWith("bundle") && BUNDLE.test(text)) return text;
  }
  return "";
}
