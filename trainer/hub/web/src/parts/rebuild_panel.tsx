// Making a version again: every picture read and checked, and what the same recipe gives today.

import { useEffect, useState } from "preact/hooks";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { ask, type Reply } from "../api.ts";
import type { DatasetDetails } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { numberText } from "../run_words.tsx";
import { t } from "../texts.ts";
import { Changes } from "./dataset_diff.tsx";
import { Waiting } from "./page.tsx";

type Rebuilt = Reply<"POST /api/v1/datasets/{version}/rebuild">;

export function RebuildPanel({ of }: { of: DatasetDetails }) {
  const [rebuilt, setRebuilt] = useState<Rebuilt | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState("");

  async function rebuild(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setFault("");
    try {
      setRebuilt(await ask("POST /api/v1/datasets/{version}/rebuild", { path: { version: of.version_id } }));
    } catch (error) {
      setFault(faultText(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <section class="panel" aria-label={t("set_rebuild")}>
      <div class="panel-head">
        <h2>{t("set_rebuild")}</h2>
        <Button icon="shield" blocked={isBusy} onPress={() => void rebuild()}>
          {t("set_rebuild_now")}
        </Button>
      </div>
      <p class="hint">{t("set_rebuild_hint")}</p>
      {isBusy && <Reading count={of.counts["items"] ?? 0} />}
      {fault && <p class="fault" role="alert">{fault}</p>}
      {rebuilt && !isBusy && <Outcome of={rebuilt} />}
    </section>
  );
}

/** The hub answers once, at the end; until then the seconds show that it is at work. */
function Reading({ count }: { count: number }) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="stack">
      <p role="status">{t("set_reading", { count: numberText(count) })}</p>
      <p class="hint" aria-hidden="true">{t("run_seconds", { seconds })}</p>
      <Waiting lines={1} />
    </div>
  );
}

function Outcome({ of }: { of: Rebuilt }) {
  return (
    <div class="stack">
      {of.is_whole ? (
        <Banner tone="calm" icon="check" title={t("set_whole_yes", { count: numberText(of.num_pictures) })}>
          <p class="code">{of.tree_sha256}</p>
        </Banner>
      ) : (
        <Banner tone="serious" title={t("set_whole_no", { missing: of.missing.length, altered: of.altered.length })}>
          <p class="code">{[...of.missing, ...of.altered].slice(0, 8).join(" ")}</p>
        </Banner>
      )}
      {of.is_same_today || !of.changes ? (
        <p>{t("set_same_today")}</p>
      ) : (
        <>
          <h3>{t("set_other_today")}</h3>
          <Changes diff={of.changes} before={of.version_id} after={of.version_id} />
        </>
      )}
    </div>
  );
}
