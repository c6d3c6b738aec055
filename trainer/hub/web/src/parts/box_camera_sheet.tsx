// A photo by the camera of a counter: choose the box, ask for a picture of now, take it over.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { address, ask } from "../api.ts";
import type { CameraLine } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago } from "../times.ts";
import { Loaded } from "./page.tsx";

const EVERY_MS = 2_000;
const MOST_BOXES = 200;

interface Props {
  title: string;
  onTaken: (picture: Blob) => void;
  onClose: () => void;
}

export function BoxCameraSheet({ title, onTaken, onClose }: Props) {
  const [boxId, setBoxId] = useState("");
  const boxes = useResource("boxes to film", (stop) => ask("GET /api/v1/fleet/boxes", { query: { status: "enrolled", limit: MOST_BOXES } }, stop));
  const names = (boxes.value?.items ?? []).map((box) => box.box_id);
  const chosen = boxId || names[0] || "";
  return (
    <Sheet title={title} closeLabel={t("close")} onClose={onClose} size="large">
      <div class="stack">
        <p class="hint">{t("box_camera_hint")}</p>
        <Loaded from={boxes}>
          {() =>
            chosen ? (
              <>
                <Select label={t("box")} value={chosen} options={names.map((value) => ({ value, label: value }))} onChoose={setBoxId} />
                <Views key={chosen} boxId={chosen} onTaken={onTaken} />
              </>
            ) : (
              <p class="hint">{t("no_boxes_hint")}</p>
            )
          }
        </Loaded>
      </div>
    </Sheet>
  );
}

function Views({ boxId, onTaken }: { boxId: string; onTaken: (picture: Blob) => void }) {
  const [fault, setFault] = useState("");
  const path = { box_id: boxId };
  const box = useResource(`film ${boxId}`, (stop) => ask("GET /api/v1/fleet/boxes/{box_id}", { path }, stop), EVERY_MS);
  const isWaiting = (box.value?.commands ?? []).some((one) => one.kind === "picture" && (one.status === "waiting" || one.status === "sent"));
  const sourceOf = (camera: CameraLine) => address("/api/v1/fleet/boxes/{box_id}/picture", path, { camera: camera.camera, at: camera.picture_at });

  async function order(): Promise<void> {
    try {
      await ask("POST /v1/operator/boxes/{box_id}/commands", { path, body: { kind: "picture" } });
      box.reload();
    } catch (error) {
      setFault(faultText(error));
    }
  }
  async function take(camera: CameraLine): Promise<void> {
    const answer = await fetch(sourceOf(camera));
    if (answer.ok) onTaken(await answer.blob());
    else setFault(t("picture_gone"));
  }

  return (
    <Loaded from={box}>
      {(found) => (
        <>
          {may("fleet.change") && (
            <div class="row">
              <Button icon="camera" blocked={isWaiting} onPress={() => void order()}>
                {t("picture_now")}
              </Button>
              {isWaiting && <span class="hint" role="status">{t("picture_waits")}</span>}
            </div>
          )}
          {fault && <p class="fault" role="alert">{fault}</p>}
          <ul class="cameras">
            {found.cameras.filter((camera) => camera.has_picture).map((camera) => (
              <li key={camera.camera}>
                <img src={sourceOf(camera)} alt={t("picture_of", { camera: camera.camera })} />
                <span class="hint">{camera.picture_at ? t("picture_age", { ago: ago(camera.picture_at) }) : camera.camera}</span>
                <Button kind="main" onPress={() => void take(camera)}>
                  {t("take_over_picture")}
                </Button>
              </li>
            ))}
          </ul>
          {!found.cameras.some((camera) => camera.has_picture) && <p class="hint">{t("box_has_no_picture")}</p>}
        </>
      )}
    </Loaded>
  );
}
