// The screens with nothing to decide: getting ready, left behind, parked, taking a break.
// Each says what is going on and what happens next.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon, type IconName } from "@tillsight/web-shared/icon.tsx";
import { useEffect } from "preact/hooks";
import { command } from "../live.ts";
import { CounterView } from "../parts/counter_view.tsx";
import { forgetPreferences } from "../preferences.ts";
import { isAttendant, isPaidHere, isParkedSeen, showToast, type Screen } from "../state.ts";
import { t } from "../texts.ts";

const PARKED_SHOWN_MS = 30_000;

interface Words {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
}

export function CalmScreen({ name }: { name: Screen }) {
  const words = wordsOf(name);
  return (
    <section class="calm" aria-labelledby="calm-title">
      {name === "left_behind" ? (
        <CounterView />
      ) : (
        <span class="calm-icon">
          {name === "loading" ? <span class="spinner" /> : <Icon name={words.icon} size="3.6rem" />}
        </span>
      )}
      <h1 id="calm-title">{words.title}</h1>
      <p>{words.text}</p>
      {name === "suspended" && <ParkedWays />}
      {isPaidHere.value && <UntilTaken />}
      {name !== "loading" && (
        <Button icon="person" onPress={() => void callHelp(name)}>
          {t("help_call")}
        </Button>
      )}
    </section>
  );
}

/** Who has just paid reads this in the language of the sale; the next one finds a plain page. */
function UntilTaken() {
  useEffect(() => forgetPreferences, []);
  return null;
}

/** The next shopper need not wait: a parked basket stands aside until staff take it up. */
function ParkedWays() {
  useEffect(() => {
    const timer = setTimeout(() => (isParkedSeen.value = true), PARKED_SHOWN_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      {isAttendant.value && (
        <Button kind="main" size="big" onPress={() => void command({ type: "resume" })}>
          {t("staff_resume")}
        </Button>
      )}
      <Button kind={isAttendant.value ? "plain" : "main"} icon="basket" onPress={() => (isParkedSeen.value = true)}>
        {t("start_new")}
      </Button>
    </>
  );
}

function wordsOf(name: Screen): Words {
  if (name === "left_behind" && isPaidHere.value) {
    return { icon: "basket", title: t("left_paid_title"), text: t("left_paid_text") };
  }
  if (name === "left_behind") return { icon: "basket", title: t("left_behind_title"), text: t("left_behind_text") };
  if (name === "suspended") {
    return { icon: "clock", title: t("phase_suspended_title"), text: t("phase_suspended_text") };
  }
  if (name === "refused") return { icon: "warning", title: t("phase_refused_title"), text: t("phase_refused_text") };
  return { icon: "refresh", title: t("loading_title"), text: t("loading_text") };
}

async function callHelp(reason: string): Promise<void> {
  if (await command({ type: "call_help", reason })) showToast(t("help_called"));
}
