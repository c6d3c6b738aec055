// The sides of a product: what is there, what is wrong with it, what is still missing.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { OnboardingReply, PhotoReply, Routes } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { may } from "../session_state.ts";
import { codeText, t } from "../texts.ts";
import { BoxCameraSheet } from "./box_camera_sheet.tsx";
import { CameraSheet } from "./camera_sheet.tsx";

type Side = NonNullable<NonNullable<Routes["POST /api/v1/onboarding/{onboarding_id}/photos"]["query"]>["side"]>;
const SIDES: readonly Side[] = ["front", "back", "left", "right", "top", "bottom"];

interface Props {
  onboarding: OnboardingReply;
  onChange: (newer: OnboardingReply) => void;
}

export function PhotoSides({ onboarding, onChange }: Props) {
  const [filming, setFilming] = useState<Side | "">("");
  const [filmingBox, setFilmingBox] = useState<Side | "">("");
  const [busy, setBusy] = useState<Side | "">("");
  const path = { onboarding_id: onboarding.onboarding_id };
  const canChange = may("onboarding.change") && onboarding.status === "open";

  async function send(side: Side, picture: Blob): Promise<void> {
    setBusy(side);
    try {
      onChange(await ask("POST /api/v1/onboarding/{onboarding_id}/photos", { path, query: { side }, body: picture }));
    } catch (error) {
      tell(faultText(error));
    } finally {
      setBusy("");
    }
  }
  /** Several files at once: the first is of this side, the others of the wanted sides, then of the empty ones. */
  async function sendAll(first: Side, files: readonly File[]): Promise<void> {
    const isEmpty = (side: Side) => side !== first && !onboarding.photos.some((photo) => photo.side === side);
    const isWanted = (side: Side) => onboarding.missing_sides.includes(side);
    const empty = SIDES.filter(isEmpty);
    const others = [...empty.filter(isWanted), ...empty.filter((side) => !isWanted(side))];
    for (const [i, file] of files.entries()) {
      const side = i === 0 ? first : others[i - 1];
      if (!side) return tell(t("photos_too_many", { count: files.length - i }));
      await send(side, file);
    }
  }
  async function drop(photo: PhotoReply): Promise<void> {
    try {
      const one = { ...path, photo_id: photo.photo_id };
      onChange(await ask("DELETE /api/v1/onboarding/{onboarding_id}/photos/{photo_id}", { path: one }));
    } catch (error) {
      tell(faultText(error));
    }
  }

  return (
    <section class="sides" aria-label={t("photos")}>
      {SIDES.map((side) => {
        const photos = onboarding.photos.filter((photo) => photo.side === side);
        const isMissing = onboarding.missing_sides.includes(side);
        return (
          <article key={side} class="panel side-card" data-side={side}>
            <div class="panel-head">
              <h2>{t(`side_${side}`)}</h2>
              {isMissing && <Badge tone="ask">{t("missing_one")}</Badge>}
              {!isMissing && photos.length > 0 && <Badge tone="good">{t("there")}</Badge>}
            </div>
            <div class="side-photos">
              {photos.map((photo) => (
                <Photo key={photo.photo_id} photo={photo} onDrop={canChange ? () => void drop(photo) : undefined} />
              ))}
              {photos.length === 0 && (
                <span class="side-empty">
                  <Icon name="camera" size="2rem" />
                </span>
              )}
            </div>
            {canChange && (
              <div class="row">
                <label class="button button-small" aria-disabled={busy === side || undefined}>
                  <Icon name="upload" size="1.2em" />
                  {busy === side ? t("looking") : t("upload")}
                  <input
                    class="visually-hidden"
                    type="file"
                    accept="image/jpeg,image/png,image/webp"
                    multiple
                    onChange={(event) => {
                      const files = [...(event.currentTarget.files ?? [])];
                      if (files.length) void sendAll(side, files);
                      event.currentTarget.value = "";
                    }}
                  />
                </label>
                {"mediaDevices" in navigator && (
                  <Button class="button-small" icon="camera" onPress={() => setFilming(side)}>
                    {t("camera")}
                  </Button>
                )}
                <Button class="button-small" icon="box" onPress={() => setFilmingBox(side)}>
                  {t("box_camera")}
                </Button>
              </div>
            )}
          </article>
        );
      })}
      {canChange && <p class="hint side-hint">{t("photos_hint")}</p>}
      {filmingBox && (
        <BoxCameraSheet
          title={t(`side_${filmingBox}`)}
          onTaken={(picture) => {
            void send(filmingBox, picture);
            setFilmingBox("");
          }}
          onClose={() => setFilmingBox("")}
        />
      )}
      {filming && (
        <CameraSheet
          title={t(`side_${filming}`)}
          onTaken={(picture) => {
            void send(filming, picture);
            setFilming("");
          }}
          onClose={() => setFilming("")}
        />
      )}
    </section>
  );
}

function Photo({ photo, onDrop }: { photo: PhotoReply; onDrop: (() => void) | undefined }) {
  return (
    <figure class="photo">
      <img src={photo.crop_url || photo.url} alt={t("photo_of", { side: t(`side_${photo.side}`) })} />
      <figcaption>
        {photo.problems.map((problem) => (
          <span key={problem.code} class={problem.is_blocking ? "fault" : "hint"} title={problem.message}>
            {codeText("photo", problem.code.replace("photo.", ""))}
          </span>
        ))}
      </figcaption>
      {onDrop && (
        <button type="button" class="button button-round photo-drop" onClick={onDrop} aria-label={t("drop_photo")}>
          <Icon name="trash" size="1.2em" />
        </button>
      )}
    </figure>
  );
}
