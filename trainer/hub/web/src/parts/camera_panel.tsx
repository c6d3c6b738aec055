// The cameras of one box: the last redacted picture of each with its age, quality, and an order for a new one.

import { useState } from "preact/hooks";
import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { Meter } from "@tillsight/web-shared/meter.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { address, ask } from "../api.ts";
import type { BoxReply, CameraLine } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { may } from "../session_state.ts";
import { codeText, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const TONES: Readonly<Record<string, Tone>> = { live: "good", ok: "good", lost: "bad", covered: "bad" };
const POOR_QUALITY = 0.6;

export function CameraPanel({ of, onDone }: { of: BoxReply; onDone: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const isWaiting = of.commands.some((command) => command.kind === "picture" && (command.status === "waiting" || command.status === "sent"));

  async function order(): Promise<void> {
    setBusy(true);
    try {
      await ask("POST /v1/operator/boxes/{box_id}/commands", { path: { box_id: of.box.box_id }, body: { kind: "picture" } });
      tell(t("picture_ordered", { box: of.box.box_id }));
      onDone();
    } catch (error) {
      tell(faultText(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <section class="panel wide" aria-label={t("cameras")}>
      <div class="panel-head">
        <h2>{t("cameras")}</h2>
        {may("fleet.change") && of.box.status === "enrolled" && of.cameras.length > 0 && (
          <span class="row">
            {isWaiting && <span class="hint" role="status">{t("picture_waits")}</span>}
            <Button icon="camera" blocked={isBusy || isWaiting} onPress={() => void order()}>
              {t("picture_now")}
            </Button>
          </span>
        )}
      </div>
      {of.cameras.length === 0 && <p class="hint">{t("no_cameras")}</p>}
      <ul class="cameras">
        {of.cameras.map((camera) => (
          <Camera key={camera.camera} boxId={of.box.box_id} camera={camera} />
        ))}
      </ul>
      {of.cameras.length > 0 && <p class="hint">{t("pictures_redacted")}</p>}
    </section>
  );
}

function Camera({ boxId, camera }: { boxId: string; camera: CameraLine }) {
  // The moment in the address makes the browser ask again when a newer picture came.
  const src = address("/api/v1/fleet/boxes/{box_id}/picture", { box_id: boxId }, { camera: camera.camera, at: camera.picture_at });
  const facts = [camera.fps != null && t("frames_a_second", { fps: camera.fps }), camera.reason && codeText("reason", camera.reason)];
  return (
    <li>
      {camera.has_picture ? (
        <a href={src} target="_blank" rel="noopener" aria-label={t("picture_of", { camera: camera.camera })}>
          <img src={src} alt="" loading="lazy" />
        </a>
      ) : (
        <span class="side-empty">
          <Icon name="camera_off" />
        </span>
      )}
      <div class="row">
        <strong class="grow">{camera.camera}</strong>
        {camera.state && <Badge tone={TONES[camera.state] ?? "ask"}>{codeText("camera", camera.state)}</Badge>}
      </div>
      {camera.quality != null && (
        <Meter
          label={t("picture_quality")}
          share={camera.quality}
          text={`${Math.round(camera.quality * 100)} %`}
          tone={camera.quality < POOR_QUALITY ? "ask" : "accent"}
        />
      )}
      <span class="hint">
        {facts.filter(Boolean).join(" · ")}
        {camera.picture_at && (
          <span class="block" title={exactly(camera.picture_at)}>
            {t("picture_age", { ago: ago(camera.picture_at) })}
          </span>
        )}
      </span>
    </li>
  );
}
