// Review: one case at a time, mostly one key each. The picture in the middle, proposals beside it.

import { useEffect, useState } from "preact/hooks";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { CandidateList } from "../parts/candidate_list.tsx";
import { CasePicture } from "../parts/case_picture.tsx";
import { Page } from "../parts/page.tsx";
import { ReviewProgress, waits } from "../parts/review_progress.tsx";
import { SkuSearch } from "../parts/sku_search.tsx";
import * as desk from "../review_desk.ts";
import { draw, erase, judge, merge, move, nearestBox, shownName, split, type Verdict } from "../review_draft.ts";
import { listenToKeys } from "../review_keys.ts";
import { nameOf } from "../sku_words.ts";
import { codeText, t } from "../texts.ts";
import { ago } from "../times.ts";

const SKIP_REASONS = ["skip_dark", "skip_blurred", "skip_hidden", "skip_unsure"] as const;
type Open = "" | "search" | "skip" | "keys";

let numDrawn = 0;

export function ReviewPage() {
  const [open, setOpen] = useState<Open>("");
  const [isDrawing, setDrawing] = useState(false);
  useEffect(() => void desk.start(), []);
  useEffect(
    () =>
      listenToKeys({
        choose: chooseCandidate,
        send: () => void desk.send(),
        notAnItem: () => decide({ kind: "not_item" }),
        unknown: () => decide({ kind: "unknown" }),
        move: stepBox,
        camera: stepCamera,
        draw: () => setDrawing((before) => !before),
        erase: eraseBox,
        split: splitBox,
        merge: mergeBox,
        search: () => desk.box.value && setOpen("search"),
        skip: () => setOpen("skip"),
        undo: () => void desk.undo(),
      }),
    [],
  );
  const found = desk.current.value;
  return (
    <Page
      title={t("nav_review")}
      note={found && [codeText("case", found.reason), found.store_id || found.box_id, ago(found.created_at), waits()].filter(Boolean).join(" · ")}
      actions={
        <>
          <Button icon="undo" onPress={() => void desk.undo()}>
            {t("undo")}
          </Button>
          <Button icon="help" onPress={() => setOpen("keys")}>
            {t("keys")}
          </Button>
        </>
      }
    >
      {desk.fault.value && <Banner tone="serious" title={desk.fault.value} />}
      <GoldNote />
      {desk.isEmpty.value && (
        <EmptyState icon="check" title={t("review_done")}>
          <p>{t("review_done_hint")}</p>
        </EmptyState>
      )}
      {found && <Desk isDrawing={isDrawing} setDrawing={setDrawing} onOpen={setOpen} />}
      <ReviewProgress />
      {open === "search" && <SearchSheet onClose={() => setOpen("")} />}
      {open === "skip" && <SkipSheet onClose={() => setOpen("")} />}
      {open === "keys" && <KeysSheet onClose={() => setOpen("")} />}
    </Page>
  );
}

interface DeskProps {
  isDrawing: boolean;
  setDrawing: (is: boolean) => void;
  onOpen: (open: Open) => void;
}

function Desk({ isDrawing, setDrawing, onOpen }: DeskProps) {
  const picture = desk.picture.value;
  if (!picture) return null;
  return (
    <div class="desk">
      <section class="desk-picture" aria-label={t("picture")}>
        <CasePicture
          picture={picture}
          chosen={desk.itemId.value}
          isDrawing={isDrawing}
          onChoose={(item) => desk.focus(picture.cameraId, item)}
          onMove={(item, xyxy) => desk.step(move(desk.draft.value, picture.cameraId, item, xyxy))}
          onDraw={(xyxy) => {
            numDrawn += 1;
            const item = `drawn-${numDrawn}`;
            desk.step(draw(desk.draft.value, picture.cameraId, item, xyxy));
            desk.focus(picture.cameraId, item);
            setDrawing(false);
          }}
        />
        <CameraStrip />
        <p class="hint">{t("draw_the_rest")}</p>
      </section>
      <section class="panel desk-side" aria-label={t("what_is_it")}>
        <CandidateList onChoose={chooseCandidate} onSearch={() => onOpen("search")} onDecide={decide} />
        <div class="row desk-tools">
          <Button kind="quiet" size="normal" icon="draw" pressed={isDrawing} onPress={() => setDrawing(!isDrawing)}>
            {t("draw_box")} <kbd>n</kbd>
          </Button>
          {desk.box.value && (
            <Button kind="quiet" onPress={splitBox}>
              {t("split_box")} <kbd>c</kbd>
            </Button>
          )}
          {desk.box.value && picture.boxes.length > 1 && (
            <Button kind="quiet" onPress={mergeBox}>
              {t("merge_box")} <kbd>m</kbd>
            </Button>
          )}
          {desk.box.value?.isDrawn && (
            <Button kind="quiet" icon="trash" onPress={eraseBox}>
              {t("erase_box")}
            </Button>
          )}
          <Button kind="quiet" onPress={() => onOpen("skip")}>
            {t("skip_case")} <kbd>s</kbd>
          </Button>
        </div>
        <Button kind="main" class="desk-send" onPress={() => void desk.send()}>
          {desk.numOpen.value ? t("accept_rest", { count: desk.numOpen.value }) : t("send_answer")} <kbd>↵</kbd>
        </Button>
      </section>
    </div>
  );
}

function CameraStrip() {
  const pictures = desk.draft.value;
  if (pictures.length < 2) return null;
  return (
    <div class="strip" role="group" aria-label={t("cameras")}>
      {pictures.map((one) => {
        const numOpen = one.boxes.filter((box) => !box.kind).length;
        return (
          <button
            key={one.cameraId}
            type="button"
            class="strip-camera"
            aria-pressed={one.cameraId === desk.picture.value?.cameraId}
            onClick={() => desk.focus(one.cameraId, one.boxes.find((box) => !box.kind)?.itemId ?? one.boxes[0]?.itemId ?? "")}
          >
            <span class="strip-picture" style={{ "--ratio": one.width / one.height }}>
              <img src={one.url} alt="" />
              <svg viewBox={`0 0 ${one.width} ${one.height}`} aria-hidden="true">
                {one.boxes.map(({ itemId, kind, xyxy: [x1, y1, x2, y2] }) => (
                  <g key={itemId} class="case-item" data-kind={kind || "open"}>
                    <rect class="case-box" x={x1} y={y1} width={x2 - x1} height={y2 - y1} stroke-width={one.width / 60} />
                  </g>
                ))}
              </svg>
            </span>
            <span>
              {one.cameraId}
              <span class="hint block">{numOpen ? t("num_open", { count: numOpen }) : t("all_said")}</span>
              {one.boxes.map((box) => (
                <span key={box.itemId} class="strip-name hint">
                  {shownName(box)}
                </span>
              ))}
            </span>
          </button>
        );
      })}
    </div>
  );
}

/** A gold question tells afterwards how it went; it looked like any other before. */
function GoldNote() {
  const gold = desk.lastAnswer.value?.gold;
  if (!gold) return null;
  return (
    <Banner tone={gold.is_right ? "calm" : "ask"} icon={gold.is_right ? "check" : "info"} title={t(gold.is_right ? "gold_right" : "gold_wrong", { count: gold.num_wrong })} />
  );
}

function SearchSheet({ onClose }: { onClose: () => void }) {
  return (
    <Sheet title={t("other_sku")} closeLabel={t("close")} onClose={onClose} size="large">
      <SkuSearch
        onPick={(sku) => {
          decide({ kind: "sku", skuId: sku.sku_id, name: nameOf(sku) });
          onClose();
        }}
      />
    </Sheet>
  );
}

function SkipSheet({ onClose }: { onClose: () => void }) {
  return (
    <Sheet title={t("skip_why")} closeLabel={t("close")} onClose={onClose}>
      <div class="stack">
        {SKIP_REASONS.map((reason) => (
          <Button
            key={reason}
            onPress={() => {
              onClose();
              void desk.skip(t(reason));
            }}
          >
            {t(reason)}
          </Button>
        ))}
      </div>
    </Sheet>
  );
}

function KeysSheet({ onClose }: { onClose: () => void }) {
  const rows = ["1 – 5", "Enter", "x", "u", "/", "← →", "[ ]", "n", "Delete", "s", "z", "c", "m"];
  return (
    <Sheet title={t("keys")} closeLabel={t("close")} onClose={onClose}>
      <dl class="facts">
        {rows.map((key, i) => (
          <>
            <dt key={key}>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`key_${i}`)}</dd>
          </>
        ))}
      </dl>
    </Sheet>
  );
}

function chooseCandidate(index: number): void {
  const candidate = desk.box.value?.candidates[index];
  if (candidate) decide({ kind: "sku", skuId: candidate.sku_id, name: candidate.name });
}

function decide(verdict: Verdict): void {
  const { value: box } = desk.box;
  if (!box) return;
  desk.step(judge(desk.draft.value, desk.cameraId.value, box.itemId, verdict));
  desk.focusNextOpen();
}

function eraseBox(): void {
  const { value: box } = desk.box;
  if (!box) return;
  if (!box.isDrawn) return decide({ kind: "not_item" });
  desk.step(erase(desk.draft.value, box.itemId));
  desk.focusNextOpen();
}

function splitBox(): void {
  const { value: box } = desk.box;
  if (!box) return;
  numDrawn += 1;
  desk.step(split(desk.draft.value, desk.cameraId.value, box.itemId, `drawn-${numDrawn}`));
}

function mergeBox(): void {
  const [picture, box] = [desk.picture.value, desk.box.value];
  const other = picture && box && nearestBox(picture, box.itemId);
  if (other) desk.step(merge(desk.draft.value, desk.cameraId.value, box.itemId, other.itemId));
}

function stepBox(by: number): void {
  const boxes = desk.picture.value?.boxes ?? [];
  const at = boxes.findIndex((box) => box.itemId === desk.itemId.value);
  const next = boxes[(at + by + boxes.length) % boxes.length];
  if (next) desk.focus(desk.cameraId.value, next.itemId);
}

function stepCamera(by: number): void {
  const pictures = desk.draft.value;
  const at = pictures.findIndex((one) => one.cameraId === desk.cameraId.value);
  const next = pictures[(at + by + pictures.length) % pictures.length];
  if (next) desk.focus(next.cameraId, next.boxes[0]?.itemId ?? "");
}
