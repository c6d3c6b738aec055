// Signing the new product into a store's channel, and a clock that runs until its boxes have called.

import { useEffect, useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { BoxLine, OnboardingReply, SegmentReply, StoreReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { clock } from "../times.ts";

const EVERY_MS = 2_000;

export function PublishPanel({ onboarding, onDone }: { onboarding: OnboardingReply; onDone: () => void }) {
  const stores = useResource("stores", (stop) => ask("GET /api/v1/stores", {}, stop));
  const [chosen, setChosen] = useState("");
  const [isRead, setRead] = useState(false);
  const [fault, setFault] = useState("");
  const channels = [...new Set((stores.value ?? []).map((store) => store.channel))];
  const channel = chosen || channels[0] || "";
  const needsYes = onboarding.collisions.length > 0;
  const isReady = onboarding.is_done_enough && channel !== "" && (!needsYes || isRead);

  async function publish(): Promise<void> {
    if (!isReady) return;
    setFault("");
    try {
      const done = await ask("POST /api/v1/onboarding/{onboarding_id}/publish", {
        path: { onboarding_id: onboarding.onboarding_id },
        body: { channel, accept_collisions: isRead },
      });
      tell(t("published_in", { seconds: done.seconds }));
      onDone();
    } catch (error) {
      setFault(faultText(error));
    }
  }

  return (
    <section class="panel" aria-label={t("publish")}>
      <div class="panel-head">
        <h2>{t("publish")}</h2>
      </div>
      {onboarding.segments.map((segment) => (
        <GoingLive key={segment.sha256} segment={segment} stores={stores.value ?? []} skuId={onboarding.sku_id} />
      ))}
      {onboarding.status === "open" && may("onboarding.publish") && (
        <>
          {stores.value && channels.length === 0 && <p class="hint">{t("no_stores")}</p>}
          {channels.length > 0 && (
            <Select label={t("to_channel")} value={channel} options={channels.map((value) => ({ value, label: storesOf(value, stores.value ?? []) }))} onChoose={setChosen} />
          )}
          {needsYes && (
            <label class="yes">
              <input type="checkbox" checked={isRead} onChange={(event) => setRead(event.currentTarget.checked)} />
              {t("collisions_read")}
            </label>
          )}
          {fault && <Banner tone="serious" title={t("not_published")}>{fault}</Banner>}
          <Button kind="main" size="normal" blocked={!isReady} onPress={() => void publish()}>
            {t("publish_now")}
          </Button>
          {!onboarding.is_done_enough && <p class="hint">{t("not_enough_yet")}</p>}
        </>
      )}
    </section>
  );
}

/** The stores of a channel by name; the channel itself where it is called differently. */
function storesOf(channel: string, stores: readonly StoreReply[]): string {
  const names = stores.filter((store) => store.channel === channel).map((store) => store.name || store.store_id);
  return `${names.join(", ")} (${channel})`;
}

/** Every box of the channel: has it called since the signature? What it then holds, it fetched itself. */
function GoingLive({ segment, stores, skuId }: { segment: SegmentReply; stores: readonly StoreReply[]; skuId: string }) {
  const names = stores.filter((store) => store.channel === segment.channel).flatMap((store) => store.boxes);
  const fleet = useResource("boxes", (stop) => ask("GET /api/v1/fleet/boxes", { query: { status: "enrolled", limit: 200 } }, stop), EVERY_MS);
  const boxes = (fleet.value?.items ?? []).filter((box) => names.includes(box.box_id));
  const waiting = boxes.filter((box) => !hasCalled(box, segment));
  return (
    <div class="stack">
      <p class="row">
        <Badge tone="good">{t("signed_at", { time: clock(segment.at) })}</Badge>
        {waiting.length > 0 && <Seconds since={segment.at} />}
      </p>
      <ul class="list">
        {boxes.map((box) => (
          <li key={box.box_id}>
            <span class="grow">{box.box_id}</span>
            {hasCalled(box, segment) ? (
              <Badge tone="good">{t("called_at")}</Badge>
            ) : (
              <Badge tone="ask" icon="clock">{t("not_called")}</Badge>
            )}
          </li>
        ))}
      </ul>
      <a class="button" href={`/catalogue/${encodeURIComponent(skuId)}`}>
        {t("set_its_price")}
      </a>
    </div>
  );
}

function Seconds({ since }: { since: string }) {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.round((Date.now() - new Date(since).getTime()) / 1000));
  return <strong>{t("unit_s", { value: seconds })}</strong>;
}

function hasCalled(box: BoxLine, segment: SegmentReply): boolean {
  return Boolean(box.seen_at) && new Date(box.seen_at) > new Date(segment.at);
}
