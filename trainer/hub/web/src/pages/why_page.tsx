// Why a till said so: from a line of a receipt, or a picture, to everything and everyone behind it.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { Icon, type IconName } from "@tillsight/web-shared/icon.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { ask } from "../api.ts";
import type { ModelSeen, SeenReply, WhyReply } from "../api_types.ts";
import { shortId } from "../fleet_words.tsx";
import { PictureTile, pictureAt } from "../parts/dataset_pictures.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { Picture } from "../parts/picture.tsx";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { numberText } from "../run_words.tsx";
import { codeText, t } from "../texts.ts";
import { exactly } from "../times.ts";

export function WhyPage() {
  const { query } = place.value;
  const basket = query.get("basket") ?? "";
  const line = Number(query.get("line") ?? 1);
  const picture = query.get("picture") ?? "";
  return (
    <Page title={t("nav_why")} note={t("why_note")}>
      <Question key={`${basket}|${line}|${picture}`} basket={basket} line={line} picture={picture} />
      {basket ? <OfLine basket={basket} line={line} /> : picture ? <OfPicture picture={picture} /> : <EmptyState icon="question" title={t("why_ask")}><p>{t("why_ask_hint")}</p></EmptyState>}
    </Page>
  );
}

function Question({ basket, line, picture }: { basket: string; line: number; picture: string }) {
  const [number, setNumber] = useState(basket);
  const [row, setRow] = useState(String(line));
  const [digest, setDigest] = useState(picture);
  const isDigest = /^[0-9a-f]{64}$/.test(digest.trim());
  return (
    <div class="panels">
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          if (number.trim()) setQuery({ basket: number.trim(), line: row, picture: "" });
        }}
      >
        <div class="receipt-fields">
          <TextField label={t("why_basket")} value={number} onInput={setNumber} placeholder="box-1-lane-1-0-9" />
          <TextField label={t("why_line")} value={row} onInput={setRow} type="number" />
        </div>
        <div class="row-end">
          <button type="submit" class="button button-main" aria-disabled={!number.trim() || undefined}>
            {t("why_of_line")}
          </button>
        </div>
      </form>
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          if (isDigest) setQuery({ picture: digest.trim(), basket: "", line: "" });
        }}
      >
        <TextField label={t("why_digest")} value={digest} onInput={setDigest} fault={digest && !isDigest ? t("why_digest_wrong") : ""} />
        <div class="row-end">
          <button type="submit" class="button" aria-disabled={!isDigest || undefined}>
            {t("why_of_picture")}
          </button>
        </div>
      </form>
    </div>
  );
}

function OfLine({ basket, line }: { basket: string; line: number }) {
  const path = { basket_id: basket, line_no: line };
  const found = useResource(`${basket}|${line}`, (stop) =>
    ask("GET /api/v1/provenance/baskets/{basket_id}/lines/{line_no}", { path, query: { limit: 24 } }, stop),
  );
  return <Loaded from={found}>{(why) => <Walk why={why} />}</Loaded>;
}

function Walk({ why }: { why: WhyReply }) {
  const { line, model } = why;
  return (
    <>
      {why.missing.length > 0 && (
        <Banner tone="ask" icon="info" title={t("why_ends")}>
          {why.missing.map((text) => (
            <p key={text}>{text}</p>
          ))}
        </Banner>
      )}
      <ol class="walk panel">
        <Step icon="basket" title={t("why_sold")}>
          <strong>{t("why_pieces", { count: line.pieces, sku: line.sku_id })}</strong>
          <span class="hint block">
            {[codeText("why_by", line.named_by), line.store_id, line.box_id, exactly(line.at)].filter(Boolean).join(" · ")}
          </span>
        </Step>
        <Step icon="model" title={t("model")}>
          {model ? <ModelLine model={model} /> : <span class="code">{shortId(line.bundle_id) || t("run_nothing")}</span>}
        </Step>
        {why.run_id && (
          <Step icon="pulse" title={t("why_run")}>
            <a class="code" href={`/runs/${why.run_id}`}>{shortId(why.run_id)}</a>
          </Step>
        )}
        {why.dataset && (
          <Step icon="tray" title={t("why_dataset")}>
            <a class="code" href={`/datasets/${why.dataset}`}>{shortId(why.dataset)}</a>
          </Step>
        )}
        {why.pictures.length > 0 && (
          <Step icon="camera" title={t("why_pictures", { count: numberText(why.num_pictures), sku: line.sku_id })}>
            <ul class="picture-grid">
              {why.pictures.map((one) => (
                <PictureTile
                  key={one.position}
                  version={why.dataset}
                  picture={one.picture}
                  title={codeText("why_label", one.label_source)}
                  hint={[one.store_id, one.day].filter(Boolean).join(" · ")}
                />
              ))}
            </ul>
          </Step>
        )}
        {why.onboardings.length > 0 && (
          <Step icon="camera" title={t("why_onboarded")}>
            {why.onboardings.map((one) => (
              <a key={one.segment} class="block" href={`/onboarding/${one.onboarding_id}`}>
                {t("why_onboarded_by", { by: one.by, at: exactly(one.at) })}
              </a>
            ))}
          </Step>
        )}
        {Object.keys(why.reviewers).length > 0 && (
          <Step icon="person" title={t("why_reviewers")}>
            <Reviewers of={why.reviewers} />
          </Step>
        )}
      </ol>
    </>
  );
}

function OfPicture({ picture }: { picture: string }) {
  const seen = useResource(picture, (stop) => ask("GET /api/v1/provenance/pictures/{picture}", { path: { picture } }, stop));
  return <Loaded from={seen}>{(found) => <Back picture={picture} seen={found} />}</Loaded>;
}

function Back({ picture, seen }: { picture: string; seen: SeenReply }) {
  const [first] = seen.datasets;
  return (
    <div class="sku-columns">
      <section class="panel picture-panel" aria-label={t("picture")}>
        <Picture src={first ? pictureAt(first.version_id, picture) : ""} size="large" alt={t("picture")} />
        <span class="code hint">{picture}</span>
      </section>
      <ol class="walk panel">
        <Step icon="review" title={t("why_cases")}>
          {seen.cases.length ? seen.cases.map((one) => <span key={one} class="block">{one}</span>) : <span class="hint">{t("why_no_case")}</span>}
        </Step>
        <Step icon="person" title={t("why_reviewers")}>
          {Object.keys(seen.reviewers).length ? <Reviewers of={seen.reviewers} /> : <span class="hint">{t("why_nobody")}</span>}
        </Step>
        <Step icon="tray" title={t("why_in_versions")}>
          {seen.datasets.map((one) => (
            <a key={one.version_id + one.split} class="block" href={`/datasets/${one.version_id}`}>
              {one.name} <span class="code">{shortId(one.version_id)}</span> <span class="hint">{codeText("set_split", one.split)}</span>
            </a>
          ))}
        </Step>
        <Step icon="model" title={t("why_in_models")}>
          {seen.models.length ? seen.models.map((one) => <ModelLine key={one.bundle_id} model={one} />) : <span class="hint">{t("set_no_models")}</span>}
        </Step>
      </ol>
    </div>
  );
}

function Step({ icon, title, children }: { icon: IconName; title: string; children: ComponentChildren }) {
  return (
    <li class="walk-step">
      <span class="walk-sign">
        <Icon name={icon} />
      </span>
      <div class="walk-body">
        <h2>{title}</h2>
        {children}
      </div>
    </li>
  );
}

function ModelLine({ model }: { model: ModelSeen }) {
  return (
    <a class="block" href={`/models/${model.bundle_id}`}>
      {model.name} {model.version} <span class="hint">{t(`stage_${model.stage}`)}</span>
    </a>
  );
}

function Reviewers({ of }: { of: Readonly<Record<string, number>> }) {
  return (
    <>
      {Object.entries(of).map(([name, count]) => (
        <span key={name} class="block">
          {t("why_reviewer", { name, count: numberText(count) })}
        </span>
      ))}
    </>
  );
}
