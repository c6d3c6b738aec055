// The hand-off: the total goes to the terminal, the screen waits for what it says.
// "No answer" is its own state: nobody is asked to pay twice.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { useEffect } from "preact/hooks";
import { command } from "../live.ts";
import { say } from "../speech.ts";
import { basket, hello, isAttendant, itemCount } from "../state.ts";
import { money, t } from "../texts.ts";

const KINDS = ["card", "cash", "voucher"] as const;

export function PayingScreen() {
  const snapshot = basket.value;
  const total = snapshot ? money(snapshot.total_minor, snapshot) : "";
  const terminal = snapshot?.is_practice ? "practice" : hello.value?.terminal;
  const isUnknown = snapshot?.notices.includes("payment.unclear") ?? false;
  const title = isUnknown ? t("pay_unknown_title") : terminal === "attendant" ? t("pay_desk_title") : t("pay_title");
  useEffect(() => {
    if (isUnknown) say(`${t("pay_unknown_title")}. ${t("pay_unknown_text")}`);
    else say(`${title}. ${t("total")} ${total}`);
  }, [total, isUnknown]);
  return (
    <section class="paying" aria-labelledby="paying-title">
      <span class={`paying-icon ${isUnknown ? "paying-unsure" : ""}`}>
        <Icon name={isUnknown ? "clock" : "card"} size="4.4rem" />
      </span>
      <h1 id="paying-title">{title}</h1>
      <p class="paying-total">{total}</p>
      <p class="paying-text">
        {isUnknown ? t("pay_unknown_text") : terminal === "attendant" ? t("pay_attendant_text") : t("pay_text")}
      </p>
      <p class="paying-count">{t("items", { count: itemCount.value })}</p>
      {terminal === "external" && (
        <div class="paying-wait">
          <span class="spinner" />
          <p>
            <strong>{t("pay_waiting")}</strong>
            {t("pay_change")}
          </p>
        </div>
      )}
      {terminal === "practice" && <PracticeTerminal />}
      {terminal === "attendant" && isAttendant.value && (
        <div class="practice-answers">
          {KINDS.map((kind) => (
            <Button key={kind} kind="main" size="big" icon="check" onPress={() => void answer("approved", kind)}>
              {t(`paid_by_${kind}`)}
            </Button>
          ))}
          <Button size="big" icon="close" onPress={() => void answer("declined")}>
            {t("staff_not_paid")}
          </Button>
        </div>
      )}
    </section>
  );
}

function PracticeTerminal() {
  return (
    <div class="practice card">
      <h2>{t("practice_terminal")}</h2>
      <p>{t("practice_text")}</p>
      <div class="practice-answers">
        <Button kind="main" icon="check" onPress={() => void answer("approved", "card")}>
          {t("practice_approved")}
        </Button>
        <Button icon="close" onPress={() => void answer("declined")}>
          {t("practice_declined")}
        </Button>
        <Button icon="clock" onPress={() => void answer("unknown")}>
          {t("practice_unknown")}
        </Button>
      </div>
    </div>
  );
}

async function answer(result: string, kind = ""): Promise<void> {
  await command({ type: "payment_result", result, kind });
}
