// A file of prices into one store: first what it holds and what is wrong with it; taken only as a whole.

import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { PriceImportReply } from "../api_types.ts";
import { t } from "../texts.ts";
import { FileDrop, useFilePlan } from "./file_plan.tsx";

interface Props {
  storeId: string;
  onClose: () => void;
  onDone: () => void;
}

export function PriceImportSheet({ storeId, onClose, onDone }: Props) {
  const { file, plan, fault, isBusy, run } = useFilePlan(
    (body, preview) => ask("POST /api/v1/stores/{store_id}/prices-import", { path: { store_id: storeId }, query: { preview }, body }),
    (reply: PriceImportReply) => {
      tell(t("prices_imported", { count: reply.num_prices }));
      onDone();
    },
  );
  const canTake = plan !== null && plan.num_errors === 0 && plan.num_prices > 0 && !isBusy;
  return (
    <Sheet title={t("import_prices")} closeLabel={t("close")} onClose={onClose} size="large">
      <FileDrop file={file} hint={t("import_prices_hint")} accept=".csv,text/csv" onChoose={(chosen) => void run(chosen, true)} />
      {fault && <Banner tone="serious" title={t("import_refused")}>{fault}</Banner>}
      {isBusy && <p role="status">{t("loading")}</p>}
      {plan && plan.num_errors > 0 && (
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
      {file && plan && (
        <div class="row-end">
          <Button kind="main" blocked={!canTake} onPress={() => canTake && void run(file, false)}>
            {t("import_prices_now", { count: plan.num_prices })}
          </Button>
        </div>
      )}
    </Sheet>
  );
}
