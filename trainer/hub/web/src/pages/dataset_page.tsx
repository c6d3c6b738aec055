// One version: what it is made of, what was left out and why, how it differs, whether it is whole.

import { useState } from "preact/hooks";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { ConfirmSheet } from "@tillsight/web-shared/confirm_sheet.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { DatasetDetails } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { AuditList } from "../parts/audit_list.tsx";
import { DatasetDiff } from "../parts/dataset_diff.tsx";
import { DatasetPictures, QuarantinePanel } from "../parts/dataset_pictures.tsx";
import { Counts, SharesPanel } from "../parts/dataset_shares.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { RebuildPanel } from "../parts/rebuild_panel.tsx";
import { useResource } from "../resource.ts";
import { go } from "../router.ts";
import { sizeText } from "../run_words.tsx";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago } from "../times.ts";
import { DatasetBadge } from "./datasets_page.tsx";

export function DatasetPage({ id }: { id: string }) {
  const found = useResource(id, (stop) => ask("GET /api/v1/datasets/{version}", { path: { version: id } }, stop));
  const value = found.value;
  return (
    <Page
      title={value?.name ?? t("nav_datasets")}
      back={{ href: "/datasets", label: t("nav_datasets") }}
      note={
        value && (
          <span class="row">
            <DatasetBadge of={value} />
            <span>{t("set_made_by", { by: value.by, ago: ago(value.created_at) })}</span>
            <span class="code">{value.version_id}</span>
          </span>
        )
      }
      actions={value && may("datasets.change") && <Actions of={value} onDone={found.reload} />}
    >
      <Loaded from={found}>
        {(one) => (
          <>
            {one.withdrawn && <Banner tone="serious" title={t("set_withdrawn")}><p>{one.withdrawn}</p></Banner>}
            {one.note && <p class="note">{one.note}</p>}
            <Counts of={one} />
            <div class="panels">
              <SharesPanel version={one.version_id} />
              <Models of={one} />
            </div>
            <QuarantinePanel of={one} />
            <DatasetPictures of={one} />
            <DatasetDiff of={one} />
            {may("datasets.change") && <RebuildPanel of={one} />}
            <Recipe of={one} />
            {may("audit.read") && <AuditList subject={`dataset:${one.version_id}`} title={t("history")} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Actions({ of, onDone }: { of: DatasetDetails; onDone: () => void }) {
  const [isDropping, setDropping] = useState(false);
  const [fault, setFault] = useState("");
  const path = { version: of.version_id };

  async function run(work: () => Promise<unknown>, done: string, after: () => void): Promise<void> {
    setDropping(false);
    setFault("");
    try {
      await work();
      tell(done);
      after();
    } catch (error) {
      setFault(faultText(error));
    }
  }
  const pin = (isPinned: boolean) =>
    run(
      () => ask("PUT /api/v1/datasets/{version}/pin", { path, body: { is_pinned: isPinned } }),
      t(isPinned ? "set_is_pinned" : "set_is_free"),
      onDone,
    );
  return (
    <>
      {fault && <p class="fault" role="alert">{fault}</p>}
      <Button icon="lock" pressed={of.is_pinned} onPress={() => void pin(!of.is_pinned)}>
        {t(of.is_pinned ? "set_unpin" : "set_pin")}
      </Button>
      {!of.is_pinned && of.models.length === 0 && (
        <Button kind="danger" icon="trash" onPress={() => setDropping(true)}>
          {t("set_drop")}
        </Button>
      )}
      {isDropping && (
        <ConfirmSheet
          title={t("set_drop")}
          action={t("set_drop")}
          closeLabel={t("cancel")}
          name={of.name}
          nameLabel={t("type_name", { name: of.name })}
          isDangerous
          onClose={() => setDropping(false)}
          onConfirm={() => void run(() => ask("DELETE /api/v1/datasets/{version}", { path }), t("set_dropped"), () => go("/datasets"))}
        >
          <p>{t("set_drop_hint")}</p>
        </ConfirmSheet>
      )}
    </>
  );
}

function Recipe({ of }: { of: DatasetDetails }) {
  return (
    <section class="panel" aria-label={t("set_recipe")}>
      <div class="panel-head">
        <h2>{t("set_recipe")}</h2>
        <span class="hint">{t("set_manifest", { size: sizeText(of.size) })}</span>
      </div>
      <dl class="facts facts-plain facts-columns">
        {Object.entries(of.recipe).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="code">{value || t("set_any")}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Models({ of }: { of: DatasetDetails }) {
  return (
    <section class="panel" aria-label={t("set_models")}>
      <div class="panel-head">
        <h2>{t("set_models")}</h2>
      </div>
      {of.models.length === 0 && <p class="hint">{t("set_no_models")}</p>}
      <ul class="list">
        {of.models.map((model) => (
          <li key={model["bundle_id"]}>
            <a class="grow plain-link" href={`/models/${model["bundle_id"]}`}>
              {model["name"]} {model["version"]}
            </a>
            <span class="hint">{t(`stage_${model["stage"]}`)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
