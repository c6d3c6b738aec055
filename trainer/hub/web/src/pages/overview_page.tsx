// The first look of the day: is the fleet well, what needs a person, what came in.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { Icon, type IconName } from "@tillsight/web-shared/icon.tsx";
import { Sparkline } from "@tillsight/web-shared/sparkline.tsx";
import { ask } from "../api.ts";
import type { AlertReply, OverviewReply, SalesRow } from "../api_types.ts";
import { alertHref, alertTitle } from "../parts/alert_panel.tsx";
import { AuditList } from "../parts/audit_list.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { useResource } from "../resource.ts";
import { may, session } from "../session_state.ts";
import { codeText, t } from "../texts.ts";

const EVERY_MS = 10_000;
const MOST_ALERTS = 5;

interface Need {
  readonly key: string;
  readonly count: number;
  readonly icon: IconName;
  readonly href: string;
  readonly isSerious: boolean;
}

export function OverviewPage() {
  const fleet = useResource("overview", (stop) => ask("GET /api/v1/fleet/overview", {}, stop), EVERY_MS);
  const isReviewer = may("cases.read");
  const queue = useResource(
    `queue ${isReviewer}`,
    async (stop) => (isReviewer ? ask("GET /api/v1/review/queue", {}, stop) : null),
    EVERY_MS,
  );
  const isApprover = may("models.approve");
  const models = useResource(
    `models ${isApprover}`,
    async (stop) => (isApprover ? ask("GET /api/v1/models", {}, stop) : null),
    EVERY_MS,
  );
  const numPassed = (models.value ?? []).filter((model) => model.stage === "passed").length;
  const sales = useResource("sales", (stop) => ask("GET /api/v1/fleet/sales", { query: { days: 1 } }, stop), EVERY_MS);
  const alerts = useResource(
    `alerts ${may("monitoring.read")}`,
    async (stop) => (may("monitoring.read") ? ask("GET /api/v1/alerts", { query: { state: "active", limit: MOST_ALERTS } }, stop) : null),
    EVERY_MS,
  );
  const numCases = queue.value ? queue.value.new + queue.value.second + queue.value.disputed : 0;
  const me = session.value;
  return (
    <Page title={t("greeting", { name: me?.display_name || me?.name || "" })} note={t("overview_note")}>
      <Loaded from={fleet}>
        {(value) => (
          <>
            <Tiles of={value} numCases={isReviewer ? numCases : undefined} sales={sales.value ?? []} />
            <div class="panels">
              <Needs of={value} numPassed={numPassed} numCases={numCases} alerts={alerts.value?.items ?? []} numAlerts={alerts.value?.total ?? 0} />
              <Received of={value} />
            </div>
          </>
        )}
      </Loaded>
      {may("audit.read") && <AuditList title={t("lately")} limit={6} />}
    </Page>
  );
}

interface TilesProps {
  of: OverviewReply;
  numCases: number | undefined;
  sales: readonly SalesRow[];
}

function Tiles({ of, numCases, sales }: TilesProps) {
  const numBaskets = sales.reduce((sum, row) => sum + row.num_baskets, 0);
  const numAsks = sales.reduce((sum, row) => sum + row.num_asks, 0);
  const enrolled = of.by_status["enrolled"] ?? 0;
  const well = enrolled - of.num_silent - of.num_troubled;
  return (
    <div class="tiles">
      <a class="tile" href="/fleet?health=ok">
        <span class="tile-name">{t("boxes_well")}</span>
        <span class="tile-figure">
          {well} <small>{t("of_total", { total: enrolled })}</small>
        </span>
      </a>
      <a class={`tile ${of.num_troubled ? "tile-ask" : ""}`} href="/fleet?health=degraded">
        <span class="tile-name">{t("boxes_troubled")}</span>
        <span class="tile-figure">{of.num_troubled}</span>
      </a>
      <a class={`tile ${of.num_silent ? "tile-bad" : ""}`} href="/fleet?health=silent">
        <span class="tile-name">{t("boxes_silent")}</span>
        <span class="tile-figure">{of.num_silent}</span>
      </a>
      {sales.length > 0 && (
        <div class="tile">
          <span class="tile-name">{t("baskets_sold")}</span>
          <span class="tile-figure">
            {numBaskets} <small>{t("num_asks", { count: numAsks })}</small>
          </span>
        </div>
      )}
      {numCases !== undefined && (
        <a class="tile" href="/review">
          <span class="tile-name">{t("cases_waiting")}</span>
          <span class="tile-figure">{numCases}</span>
        </a>
      )}
    </div>
  );
}

function needsOf(of: OverviewReply, numPassed: number, numCases: number): readonly Need[] {
  const count = (status: string) => of.by_status[status] ?? 0;
  const rows: readonly Need[] = [
    { key: "need_model", count: numPassed, icon: "model", href: "/models", isSerious: false },
    { key: "need_cases", count: may("cases.answer") ? numCases : 0, icon: "review", href: "/review", isSerious: false },
    { key: "need_pending", count: may("fleet.change") ? count("pending") : 0, icon: "box", href: "/fleet", isSerious: false },
    { key: "need_quarantined", count: may("fleet.change") ? count("quarantined") : 0, icon: "shield", href: "/fleet", isSerious: true },
    { key: "need_silent", count: of.num_silent, icon: "wifi_off", href: "/fleet?health=silent", isSerious: true },
    { key: "need_troubled", count: of.num_troubled, icon: "warning", href: "/fleet?health=degraded", isSerious: false },
  ];
  return rows.filter((row) => row.count > 0);
}

interface NeedsProps {
  of: OverviewReply;
  numPassed: number;
  numCases: number;
  alerts: readonly AlertReply[];
  numAlerts: number;
}

function Needs({ of, numPassed, numCases, alerts, numAlerts }: NeedsProps) {
  const needs = needsOf(of, numPassed, numCases);
  return (
    <section class="panel" aria-label={t("needs_you")}>
      <div class="panel-head">
        <h2>{t("needs_you")}</h2>
      </div>
      {needs.length === 0 && alerts.length === 0 ? (
        <EmptyState icon="check" title={t("all_well")}>
          <p>{t("all_well_hint")}</p>
        </EmptyState>
      ) : (
        <ul class="list">
          {needs.map((need) => (
            <li key={need.key}>
              <Icon name={need.icon} />
              <a class="grow plain-link" href={need.href}>
                {t(need.key, { count: need.count })}
              </a>
              <Badge tone={need.isSerious ? "bad" : "ask"}>{t(need.isSerious ? "soon" : "when_you_can")}</Badge>
            </li>
          ))}
          {alerts.map((alert) => (
            <li key={alert.alert_id}>
              <Icon name={alert.kind === "drift" ? "pulse" : "warning"} />
              <a class="grow plain-link" href={alertHref(alert)}>
                {alertTitle(alert)}
              </a>
              <Badge tone={alert.state === "open" ? "bad" : "ask"}>{t(`alert_is_${alert.state}`)}</Badge>
            </li>
          ))}
          {numAlerts > alerts.length && (
            <li>
              <a class="grow" href="/monitoring">
                {t("num_alerts", { count: numAlerts })}
              </a>
            </li>
          )}
        </ul>
      )}
    </section>
  );
}

function Received({ of }: { of: OverviewReply }) {
  const kinds = Object.entries(of.received_per_hour);
  return (
    <section class="panel" aria-label={t("received")}>
      <div class="panel-head">
        <h2>{t("received")}</h2>
        <span class="hint">{t("last_day")}</span>
      </div>
      {kinds.length === 0 && <p class="hint">{t("nothing_received")}</p>}
      {kinds.map(([kind, hours]) => {
        const sum = hours.reduce((total, count) => total + count, 0);
        return (
          <div key={kind} class="received">
            <span>{codeText("kind", kind)}</span>
            <strong>{sum}</strong>
            <Sparkline values={hours} label={t("per_hour", { kind: codeText("kind", kind) })} />
          </div>
        );
      })}
    </section>
  );
}
