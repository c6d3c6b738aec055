// How well the stores see: alerts, drift against each place's own past, accuracy, insights, service levels.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import { faultText } from "../faults.ts";
import { AlertPanel } from "../parts/alert_panel.tsx";
import { DriftPanel } from "../parts/drift_panel.tsx";
import { InsightPanels } from "../parts/insight_panels.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { ServiceLevelPanel } from "../parts/service_levels.tsx";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";

const KINDS = ["store", "camera", "ring"] as const;
type Kind = (typeof KINDS)[number];
const EVERY_MS = 60_000;

export function MonitoringPage() {
  const [turn, setTurn] = useState(0);
  const [isJudging, setJudging] = useState(false);
  const kind = (place.value.query.get("kind") ?? "store") as Kind;
  const again = () => setTurn((n) => n + 1);
  const places = useResource(
    `places ${kind} ${turn}`,
    (stop) => ask("GET /api/v1/monitoring/places", { query: { kind } }, stop),
    EVERY_MS,
  );

  async function judge(): Promise<void> {
    setJudging(true);
    try {
      const done = await ask("POST /api/v1/monitoring/judge", {});
      tell(t("judged_places", { count: done.num_places }));
      again();
    } catch (error) {
      tell(faultText(error));
    } finally {
      setJudging(false);
    }
  }

  return (
    <Page
      title={t("nav_monitoring")}
      note={t("monitoring_note")}
      actions={
        may("monitoring.change") && (
          <>
            {isJudging && <span class="hint" role="status">{t("judging")}</span>}
            <Button icon="refresh" blocked={isJudging} onPress={() => void judge()}>
              {t("judge_now")}
            </Button>
          </>
        )
      }
    >
      <AlertPanel turn={turn} onDone={again} />
      <div class="tools">
        <h2 class="grow">{t("drift")}</h2>
        <Segmented
          label={t("places")}
          value={kind}
          options={KINDS.map((value) => ({ value, label: t(`places_${value}`) }))}
          onChoose={(value) => setQuery({ kind: value === "store" ? "" : value })}
        />
      </div>
      <Loaded from={places}>
        {(found) =>
          found.length ? (
            <div class="panels">
              {found.map((one) => (
                <DriftPanel key={one.place} of={one} onDone={again} />
              ))}
            </div>
          ) : (
            <EmptyState icon="pulse" title={t("no_places")}>
              <p>{t("no_places_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
      <InsightPanels />
      <ServiceLevelPanel />
    </Page>
  );
}
