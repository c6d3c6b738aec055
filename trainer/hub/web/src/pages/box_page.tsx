// One box: what it said last, its cameras, its bundles, and what an operator may ask of it.

import { useState } from "preact/hooks";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { ask } from "../api.ts";
import type { BoxReply } from "../api_types.ts";
import { HealthBadge, healthOf } from "../fleet_words.tsx";
import { BoxActions } from "../parts/box_actions.tsx";
import { BundlePanel, CommandPanel, FactPanel } from "../parts/box_panels.tsx";
import { CameraPanel } from "../parts/camera_panel.tsx";
import { AuditList } from "../parts/audit_list.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { TelemetryPanel } from "../parts/telemetry_panel.tsx";
import { useResource } from "../resource.ts";
import { may } from "../session_state.ts";
import { codeText, has, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const EVERY_MS = 5_000;

export function BoxPage({ id }: { id: string }) {
  const [turn, setTurn] = useState(0);
  const box = useResource(
    `${id}|${turn}`,
    (stop) => ask("GET /api/v1/fleet/boxes/{box_id}", { path: { box_id: id } }, stop),
    EVERY_MS,
  );
  return (
    <Page
      title={id}
      back={{ href: "/fleet", label: t("nav_fleet") }}
      note={box.value && <Headline of={box.value} />}
      actions={box.value && may("fleet.change") && <BoxActions box={box.value.box} onDone={() => setTurn((n) => n + 1)} />}
    >
      <Loaded from={box}>
        {(value) => (
          <>
            <Trouble of={value} />
            <div class="panels">
              <CameraPanel of={value} onDone={() => setTurn((n) => n + 1)} />
              <BundlePanel of={value} />
              <FactPanel of={value} />
              <TelemetryPanel boxId={id} />
              <CommandPanel of={value} />
            </div>
            {may("audit.read") && <AuditList key={turn} subject={id} title={t("history")} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Headline({ of }: { of: BoxReply }) {
  const { box } = of;
  const facts = [box.store_id, box.ring && t("in_ring", { ring: box.ring }), box.edge_version && t("version_is", { version: box.edge_version })];
  return (
    <span class="row">
      <HealthBadge box={box} />
      {box.seen_at && <time title={exactly(box.seen_at)}>{t("seen_ago", { ago: ago(box.seen_at) })}</time>}
      <span>{facts.filter(Boolean).join(" · ")}</span>
    </span>
  );
}

/** What is wrong and what to do, only where something is. */
function Trouble({ of }: { of: BoxReply }) {
  const health = healthOf(of.box);
  const key = `trouble_${health}`;
  if (!has(key)) return null;
  return (
    <Banner tone={health === "degraded" || health === "pending" ? "ask" : "serious"} title={t(key)}>
      <p>{of.box.status_reason || t(`${key}_hint`)}</p>
      {of.reasons.length > 0 && (
        <ul class="reasons">
          {of.reasons.map((reason) => (
            <li key={reason}>
              {codeText("reason", reason)} <span class="code">{reason}</span>
            </li>
          ))}
        </ul>
      )}
    </Banner>
  );
}
