// What a person may order of a rollout; taking a release back asks for its name.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { ConfirmSheet } from "@tillsight/web-shared/confirm_sheet.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { RolloutReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";

type Act = "next" | "hold" | "resume" | "withdraw";

const ROUTES = {
  next: "POST /api/v1/rollouts/{rollout_id}/next",
  hold: "POST /api/v1/rollouts/{rollout_id}/hold",
  resume: "POST /api/v1/rollouts/{rollout_id}/resume",
  withdraw: "POST /api/v1/rollouts/{rollout_id}/withdraw",
} as const;

export function RolloutOrders({ of, onDone }: { of: RolloutReply; onDone: () => void }) {
  const [asked, setAsked] = useState<Act | "">("");
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const isUnderWay = of.phase === "running" || of.phase === "held";
  const name = `${of.name} ${of.version}`;

  async function order(act: Act, note: string): Promise<void> {
    setAsked("");
    setFault("");
    setBusy(true);
    try {
      await ask(ROUTES[act], { path: { rollout_id: of.rollout_id }, body: { note } });
      tell(t(`ordered_${act}`));
      onDone();
    } catch (error) {
      setFault(faultText(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      {fault && <p class="fault" role="alert">{fault}</p>}
      {isBusy && <p class="hint" role="status">{t("signing")}</p>}
      {may("models.approve") && isUnderWay && of.place + 1 < of.num_rings && (
        <Button icon="forward" blocked={isBusy} onPress={() => setAsked("next")}>
          {t("order_next")}
        </Button>
      )}
      {may("fleet.change") && of.phase === "running" && (
        <Button icon="minus" blocked={isBusy} onPress={() => setAsked("hold")}>
          {t("order_hold")}
        </Button>
      )}
      {may("fleet.change") && of.phase === "held" && (
        <Button kind="main" icon="play" blocked={isBusy} onPress={() => setAsked("resume")}>
          {t("order_resume")}
        </Button>
      )}
      {may("fleet.change") && (isUnderWay || of.phase === "done") && (
        <Button kind="danger" icon="undo" blocked={isBusy} onPress={() => setAsked("withdraw")}>
          {t("order_withdraw")}
        </Button>
      )}
      {asked && (
        <ConfirmSheet
          title={`${t(`order_${asked}`)}: ${name}`}
          action={t(`order_${asked}`)}
          closeLabel={t("cancel")}
          reasonLabel={t("why")}
          {...(asked === "withdraw" ? { name, nameLabel: t("type_name", { name }) } : {})}
          isDangerous={asked === "withdraw"}
          onClose={() => setAsked("")}
          onConfirm={(note) => void order(asked, note)}
        >
          <p>{t(`order_${asked}_hint`)}</p>
        </ConfirmSheet>
      )}
    </>
  );
}
