// A file of prices into one store: first what it holds and what is wrong with it; taken only as a whole.

import { useState } from "preact/hooks";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { PriceImportReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { t } from "../texts.ts";

interface Props {
  storeId: string;
  onClose: () => void;
  onDone: () => void;
}

export function PriceImportSheet({ storeId, onClose, onDone }: Props) {
  const [file, setFile] = useState<File | null>(null);
  const [plan, setPlan] = useState<PriceImportReply | null>(null);
  const [fault, setFault] = useState("");
  const [isBusy, setBusy] = useState(false);
  const canTake = plan !== null && plan.num_errors === 0 && plan.num_prices > 0 && !isBusy;

  async function run(chosen: File, preview: boolean): Promise<void> {
    setFile(chosen);
    setBusy(true);
    setFault("");
    try {
      const reply = await ask("POST /api/v1/stores/{store_id}/prices-import", { path: { store_id: storeId }, query: { preview }, body: chosen });
      if (preview || reply.num_errors) setPlan(reply);
      else {
        tell(t("prices_imported", { count: reply.num_prices }));
        onDone();
      }
    } catch (error) {
      setFault(faultText(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Sheet title={t("import_prices")} closeLabel={t("close")} onClose={onClose} size="large">
      <label class="drop">
        <Icon name="upload" size="2rem" />
        <strong>{file ? file.name : t("choose_file")}</strong>
        <span class="hint">{t("import_prices_hint")}</span>
        <input
          class="visually-hidden"
          type="file"
          accept=".csv,text/csv"
          onChange={(event) => {
            const [chosen] = event.currentTarget.files ?? [];
            if (chosen) void run(chosen, true);
          }}
        />
      </label>
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
