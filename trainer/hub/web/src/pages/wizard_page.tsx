// The new-product wizard: details, photos with advice, look-alikes, publish. Each step stays visible.

import { useState } from "preact/hooks";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Meter } from "@tillsight/web-shared/meter.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { ask } from "../api.ts";
import type { OnboardingReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { LookAlikes } from "../parts/look_alikes.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { PhotoSides } from "../parts/photo_sides.tsx";
import { PublishPanel } from "../parts/publish_panel.tsx";
import { SkuFields } from "../parts/sku_fields.tsx";
import { SkuSearch } from "../parts/sku_search.tsx";
import { useResource } from "../resource.ts";
import { go } from "../router.ts";
import { may } from "../session_state.ts";
import { EMPTY_DRAFT, skuOf } from "../sku_draft.ts";
import { nameOf } from "../sku_words.ts";
import { t } from "../texts.ts";

const BACK = { href: "/onboarding", label: t("nav_onboarding") };

export function WizardPage({ id }: { id: string }) {
  return id === "+new" ? <Begin /> : <Running id={id} />;
}

function Begin() {
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [isChoosing, setChoosing] = useState(false);
  const [fault, setFault] = useState("");

  async function begin(skuId: string): Promise<void> {
    const begun = await ask("POST /api/v1/onboarding", { body: { sku_id: skuId } });
    go(`/onboarding/${encodeURIComponent(begun.onboarding_id)}`);
  }
  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      setFault(faultText(error));
    }
  }
  function submit(event: Event): void {
    event.preventDefault();
    setFault("");
    if (!draft.name.trim()) return setFault(t("sku_name_first"));
    void attempt(async () => {
      const made = await ask("POST /api/v1/skus", { body: skuOf(draft) });
      await begin(made.sku_id);
    });
  }

  return (
    <Page
      title={t("new_sku")}
      back={BACK}
      note={t("wizard_1")}
      actions={
        <Button icon="search" onPress={() => setChoosing(true)}>
          {t("is_in_catalogue")}
        </Button>
      }
    >
      {fault && <Banner tone="serious" title={fault} />}
      {may("catalogue.change") && (
        <form class="panel" onSubmit={submit}>
          <SkuFields draft={draft} onChange={setDraft} isNew />
          <div class="row-end">
            <button type="submit" class="button button-main" aria-disabled={!draft.name || undefined}>
              {t("on_to_photos")}
            </button>
          </div>
        </form>
      )}
      {isChoosing && (
        <Sheet title={t("is_in_catalogue")} closeLabel={t("close")} onClose={() => setChoosing(false)} size="large">
          <SkuSearch onPick={(sku) => void attempt(() => begin(sku.sku_id)).then(() => setChoosing(false))} />
        </Sheet>
      )}
    </Page>
  );
}

function Running({ id }: { id: string }) {
  const found = useResource(id, (stop) =>
    ask("GET /api/v1/onboarding/{onboarding_id}", { path: { onboarding_id: id } }, stop),
  );
  const [newer, setNewer] = useState<OnboardingReply | null>(null);
  const shown = newer ?? found.value;
  const sku = useResource(`sku ${shown?.sku_id ?? ""}`, async (stop) =>
    shown ? ask("GET /api/v1/skus/{sku_id}", { path: { sku_id: shown.sku_id } }, stop) : null,
  );
  const title = sku.value ? nameOf(sku.value) : (shown?.sku_id ?? id);
  return (
    <Page title={title} back={BACK} note={shown && t(`wizard_${shown.status}`)}>
      <Loaded from={{ ...found, value: shown }}>
        {(value) => (
          <div class="wizard">
            <PhotoSides onboarding={value} onChange={setNewer} />
            <div class="stack">
              <Advice onboarding={value} />
              <LookAlikes onboarding={value} />
              <PublishPanel
                onboarding={value}
                onDone={() => {
                  setNewer(null);
                  found.reload();
                }}
              />
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Advice({ onboarding }: { onboarding: OnboardingReply }) {
  const { done_percent: percent, is_done_enough: isEnough, advice } = onboarding;
  return (
    <section class="panel" aria-label={t("done_enough")}>
      <Meter
        label={t("done_enough")}
        share={percent / 100}
        text={isEnough ? t("is_enough") : `${percent} %`}
        tone={isEnough ? "good" : "ask"}
      />
      {advice.length > 0 && (
        <ul class="advice">
          {advice.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
