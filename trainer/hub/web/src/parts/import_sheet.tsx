// A file into the catalogue: first what it would do, row by row; taken only as a whole.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { ImportReply } from "../api_types.ts";
import { t } from "../texts.ts";
import { FileDrop, useFilePlan } from "./file_plan.tsx";

export function ImportSheet({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { file, plan, fault, isBusy, run } = useFilePlan(
    (body, preview) => ask("POST /api/v1/skus-import", { query: { format: body.name.toLowerCase().endsWith(".json") ? "json" : "csv", preview }, body }),
    (reply: ImportReply) => {
      tell(t("imported", { count: reply.num_created + reply.num_changed }));
      onDone();
    },
  );
  const numChanges = plan ? plan.num_created + plan.num_changed : 0;
  return (
    <Sheet title={t("import")} closeLabel={t("close")} onClose={onClose} size="large">
      <FileDrop file={file} hint={t("import_hint")} accept=".csv,.json,text/csv,application/json" onChoose={(chosen) => void run(chosen, true)} />
      {fault && <Banner tone="serious" title={t("import_refused")}>{fault}</Banner>}
      {isBusy && <p role="status">{t("loading")}</p>}
      {plan && <Plan plan={plan} />}
      {plan && file && (
        <div class="row-end">
          <Button kind="quiet" onPress={onClose}>
            {t("cancel")}
          </Button>
          <Button
            kind="main"
            blocked={plan.num_errors > 0 || numChanges === 0 || isBusy}
            onPress={() => plan.num_errors === 0 && numChanges > 0 && void run(file, false)}
          >
            {t("import_now", { count: numChanges })}
          </Button>
        </div>
      )}
    </Sheet>
  );
}

function Plan({ plan }: { plan: ImportReply }) {
  return (
    <div class="stack">
      <div class="row">
        <Badge tone="good" icon="add">{t("import_new", { count: plan.num_created })}</Badge>
        <Badge tone="accent" icon="swap">{t("import_changed", { count: plan.num_changed })}</Badge>
        <Badge tone="calm">{t("import_same", { count: plan.num_unchanged })}</Badge>
        {plan.num_errors > 0 && <Badge tone="bad">{t("import_errors", { count: plan.num_errors })}</Badge>}
      </div>
      {plan.num_errors > 0 && (
        <Banner tone="serious" title={t("import_whole")}>
          <ul>
            {plan.errors.slice(0, 20).map((problem) => (
              <li key={`${problem.line} ${problem.message}`}>
                {t("import_line", { line: problem.line, sku: problem.sku_id, message: problem.message })}
              </li>
            ))}
          </ul>
        </Banner>
      )}
      <ul class="list changes" tabIndex={0} aria-label={t("import_changes")}>
        {plan.changes.map((change) => (
          <li key={change.sku_id}>
            <Badge tone={change.kind === "created" ? "good" : "accent"}>{t(`import_is_${change.kind}`)}</Badge>
            <span class="grow">
              <strong>{change.sku_id}</strong>
              {Object.entries(change.fields).map(([field, [before, after]]) => (
                <span class="hint block" key={field}>
                  {field.replaceAll("_", " ")}: {before && <del>{before}</del>} {after}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
