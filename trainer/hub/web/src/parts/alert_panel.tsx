// Alerts that wait for a person: seen, closed, with a note.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { ConfirmSheet } from "@tillsight/web-shared/confirm_sheet.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { AlertReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { may } from "../session_state.ts";
import { codeText, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";
import { Loaded } from "./page.tsx";
import { Pager } from "./pager.tsx";

type Act = "acknowledge" | "close";
const LIMIT = 50;
const STATES = ["active", "closed"] as const;
type State = (typeof STATES)[number];
const EVERY_MS = 15_000;
const ROUTES = {
  acknowledge: "POST /api/v1/alerts/{alert_id}/acknowledge",
  close: "POST /api/v1/alerts/{alert_id}/close",
} as const;

/** Where the thing lives that an alert is about. */
export function alertHref(alert: AlertReply): string {
  const [kind = "", ...rest] = alert.place.split(":");
  const name = rest.join(":");
  if (kind === "rollout") return `/rollouts/${name}`;
  if (kind === "box") return `/fleet/${encodeURIComponent(name)}`;
  if (kind === "camera") return `/fleet/${encodeURIComponent(name.split("/")[0] ?? "")}`;
  return "/monitoring";
}

/** Its title with the names of signals as people say them. */
export function alertTitle(alert: AlertReply): string {
  const [kind = "", ...rest] = alert.place.split(":");
  const titled = rest.length ? alert.title.replace(alert.place, `${codeText("place", kind)} ${rest.join(":")}`) : alert.title;
  return titled.replaceAll(/\b[a-z]+_(?:psi|mmd|rate|quality)\b/g, (code) => codeText("signal", code).toLowerCase());
}

export function AlertPanel({ turn, onDone }: { turn: number; onDone: () => void }) {
  const [asked, setAsked] = useState<{ act: Act; alert: AlertReply } | null>(null);
  const { query } = place.value;
  const state = (query.get("alerts") ?? "active") as State;
  const offset = Number(query.get("offset") ?? 0);
  const alerts = useResource(
    `alerts ${turn} ${state} ${offset}`,
    (stop) => ask("GET /api/v1/alerts", { query: { state, offset, limit: LIMIT } }, stop),
    EVERY_MS,
  );

  async function move(act: Act, alert: AlertReply, note: string): Promise<void> {
    setAsked(null);
    try {
      await ask(ROUTES[act], { path: { alert_id: alert.alert_id }, body: { note } });
      tell(t(`alert_${act}_done`));
      alerts.reload();
      onDone();
    } catch (error) {
      tell(faultText(error));
    }
  }

  return (
    <section class={`panel ${state === "active" && alerts.value?.total ? "panel-ask" : ""}`} aria-label={t("alerts")}>
      <div class="panel-head">
        <h2>{t("alerts")}</h2>
        <span class="row">
          {alerts.value && <span class="hint">{t("num_alerts", { count: alerts.value.total })}</span>}
          <Segmented
            label={t("state")}
            value={state}
            options={STATES.map((value) => ({ value, label: t(`alerts_${value}`) }))}
            onChoose={(value) => setQuery({ alerts: value === "active" ? "" : value, offset: "" })}
          />
        </span>
      </div>
      <Loaded from={alerts}>
        {(page) => (
          <>
            <ul class="list">
              {page.items.map((alert) => (
                <li key={alert.alert_id} class="alert">
                  <Badge tone={alert.state === "open" ? "bad" : alert.state === "closed" ? "calm" : "ask"}>{t(`alert_is_${alert.state}`)}</Badge>
                  <span class="grow">
                    <a class="plain-link" href={alertHref(alert)}>
                      {alertTitle(alert)}
                    </a>
                    <span class="hint block" title={exactly(alert.opened_at)}>
                      {[codeText("alert_kind", alert.kind), alert.place, ago(alert.opened_at), alert.note].filter(Boolean).join(" · ")}
                    </span>
                  </span>
                  {may("monitoring.change") && alert.state !== "closed" && (
                    <span class="row">
                      {alert.state === "open" && (
                        <Button icon="eye" label={`${t("alert_acknowledge")}: ${alert.place}`} onPress={() => setAsked({ act: "acknowledge", alert })}>
                          {t("alert_acknowledge")}
                        </Button>
                      )}
                      <Button icon="check" label={`${t("alert_close")}: ${alert.place}`} onPress={() => setAsked({ act: "close", alert })}>
                        {t("alert_close")}
                      </Button>
                    </span>
                  )}
                </li>
              ))}
              {page.items.length === 0 && <li class="hint">{t("no_alerts")}</li>}
            </ul>
            <Pager total={page.total} offset={page.offset} limit={LIMIT} />
          </>
        )}
      </Loaded>
      {asked && (
        <ConfirmSheet
          title={`${t(`alert_${asked.act}`)}: ${alertTitle(asked.alert)}`}
          action={t(`alert_${asked.act}`)}
          closeLabel={t("cancel")}
          reasonLabel={t("why")}
          onClose={() => setAsked(null)}
          onConfirm={(note) => void move(asked.act, asked.alert, note)}
        >
          <p>{t(`alert_${asked.act}_hint`)}</p>
        </ConfirmSheet>
      )}
    </section>
  );
}
