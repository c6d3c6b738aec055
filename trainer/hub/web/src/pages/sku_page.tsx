// One SKU: picture, details to edit, what stores charge, and everything that was ever changed.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ApiError, ask } from "../api.ts";
import type { SkuDetail } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { AuditList } from "../parts/audit_list.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { PricePanel } from "../parts/price_panel.tsx";
import { Picture } from "../parts/picture.tsx";
import { SkuFields } from "../parts/sku_fields.tsx";
import { useResource } from "../resource.ts";
import { go } from "../router.ts";
import { may } from "../session_state.ts";
import { draftOf, EMPTY_DRAFT, skuOf } from "../sku_draft.ts";
import { categoryOf, nameOf, pictureOf } from "../sku_words.ts";
import { t } from "../texts.ts";

const BACK = { href: "/catalogue", label: t("nav_catalogue") };

export function SkuPage({ id }: { id: string }) {
  return id === "+new" ? <NewSku /> : <KnownSku id={id} />;
}

function NewSku() {
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [fault, setFault] = useState("");
  async function save(event: Event): Promise<void> {
    event.preventDefault();
    try {
      const made = await ask("POST /api/v1/skus", { body: skuOf(draft) });
      tell(t("sku_made", { name: nameOf(made) }));
      go(`/catalogue/${encodeURIComponent(made.sku_id)}`);
    } catch (error) {
      setFault(faultText(error));
    }
  }
  return (
    <Page title={t("new_sku")} back={BACK}>
      <form class="panel" onSubmit={save}>
        <SkuFields draft={draft} onChange={setDraft} isNew />
        {fault && <p class="fault" role="alert">{fault}</p>}
        <div class="row-end">
          <button type="submit" class="button button-main">
            {t("make_sku")}
          </button>
        </div>
      </form>
    </Page>
  );
}

function KnownSku({ id }: { id: string }) {
  const sku = useResource(id, (stop) => ask("GET /api/v1/skus/{sku_id}", { path: { sku_id: id } }, stop));
  const isActive = sku.value?.status === "active";
  async function setActive(active: boolean): Promise<void> {
    const path = { sku_id: id };
    try {
      if (active) await ask("POST /api/v1/skus/{sku_id}/restore", { path });
      else await ask("DELETE /api/v1/skus/{sku_id}", { path });
      sku.reload();
      tell(t(active ? "sku_restored" : "sku_retired"), { label: t("undo"), run: () => void setActive(!active) });
    } catch (error) {
      tell(faultText(error));
    }
  }
  return (
    <Page
      title={sku.value ? nameOf(sku.value) : id}
      back={BACK}
      note={sku.value && (
        <span class="row">
          {!isActive && <Badge tone="calm">{t("status_retired")}</Badge>}
          <span>{[id, categoryOf(sku.value)].filter(Boolean).join(" · ")}</span>
        </span>
      )}
      actions={
        sku.value && may("catalogue.change") && (
          <Button icon={isActive ? "trash" : "undo"} onPress={() => void setActive(!isActive)}>
            {t(isActive ? "retire" : "restore")}
          </Button>
        )
      }
    >
      <Loaded from={sku}>
        {(value) => (
          <>
            <div class="sku-columns">
              <div class="stack">
                <PicturePanel sku={value} onDone={sku.reload} />
                <PricePanel sku={value} onDone={sku.reload} />
              </div>
              <EditPanel key={value.version} sku={value} onDone={sku.reload} />
            </div>
            {may("audit.read") && <AuditList key={value.version} subject={`sku:${id}`} title={t("history")} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function EditPanel({ sku, onDone }: { sku: SkuDetail; onDone: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(sku));
  const [fault, setFault] = useState("");
  const isChanged = JSON.stringify(draft) !== JSON.stringify(draftOf(sku));
  async function save(event: Event): Promise<void> {
    event.preventDefault();
    if (!isChanged) return;
    try {
      await ask("PUT /api/v1/skus/{sku_id}", {
        path: { sku_id: sku.sku_id },
        query: { version: sku.version },
        body: skuOf(draft, sku),
      });
      tell(t("saved"));
      onDone();
    } catch (error) {
      setFault(error instanceof ApiError && error.code === "sku.changed" ? t("sku_changed_by_other") : faultText(error));
    }
  }
  return (
    <form class="panel" aria-label={t("details")} onSubmit={save}>
      <div class="panel-head">
        <h2>{t("details")}</h2>
        <span class="hint">{t("version_is", { version: String(sku.version) })}</span>
      </div>
      <fieldset class="plain" disabled={!may("catalogue.change")}>
        <SkuFields draft={draft} onChange={setDraft} />
      </fieldset>
      {fault && <p class="fault" role="alert">{fault}</p>}
      {may("catalogue.change") && (
        <div class="row-end">
          <Button kind="quiet" blocked={!isChanged} onPress={() => setDraft(draftOf(sku))}>
            {t("discard")}
          </Button>
          <button type="submit" class="button button-main" aria-disabled={!isChanged || undefined}>
            {t("save")}
          </button>
        </div>
      )}
    </form>
  );
}

function PicturePanel({ sku, onDone }: { sku: SkuDetail; onDone: () => void }) {
  async function send(file: File): Promise<void> {
    try {
      await ask("PUT /api/v1/skus/{sku_id}/picture", { path: { sku_id: sku.sku_id }, body: file });
      tell(t("saved"));
      onDone();
    } catch (error) {
      tell(faultText(error));
    }
  }
  return (
    <section class="panel picture-panel" aria-label={t("picture")}>
      <Picture src={sku.has_picture ? pictureOf(sku) : ""} alt={nameOf(sku)} size="large" />
      {may("catalogue.change") && (
        <label class="button button-soft">
          <Icon name="upload" />
          {t(sku.has_picture ? "other_picture" : "add_picture")}
          <input
            class="visually-hidden"
            type="file"
            accept="image/jpeg,image/png,image/webp"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              if (file) void send(file);
            }}
          />
        </label>
      )}
    </section>
  );
}
