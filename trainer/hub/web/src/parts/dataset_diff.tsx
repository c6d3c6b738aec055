// What changed between two versions: counted, and shown by its pictures.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Segmented, Select } from "@tillsight/web-shared/choice.tsx";
import { useState } from "preact/hooks";
import { ask } from "../api.ts";
import type { DatasetDetails, DiffReply } from "../api_types.ts";
import { shortId } from "../fleet_words.tsx";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { t } from "../texts.ts";
import { ago } from "../times.ts";
import { PictureTile, pictureAt } from "./dataset_pictures.tsx";
import { Loaded } from "./page.tsx";
import { Picture } from "./picture.tsx";

const KINDS = ["added", "removed", "relabelled", "moved", "newly_quarantined", "released"] as const;
type Kind = (typeof KINDS)[number];
const MAX_SHOWN = 48;

export function DatasetDiff({ of }: { of: DatasetDetails }) {
  const other = place.value.query.get("before") ?? "";
  const versions = useResource("versions", (stop) => ask("GET /api/v1/datasets", { query: { limit: 200 } }, stop));
  const others = (versions.value?.items ?? []).filter((one) => one.version_id !== of.version_id);
  const ordered = [...others].sort((a, b) => Number(b.name === of.name) - Number(a.name === of.name));
  if (!others.length) return null;
  return (
    <section class="panel" aria-label={t("set_diff")}>
      <div class="panel-head">
        <h2>{t("set_diff")}</h2>
        <Select
          label={t("set_before")}
          value={other}
          options={[
            { value: "", label: t("choose") },
            ...ordered.map((one) => ({ value: one.version_id, label: `${one.name} ${shortId(one.version_id)}, ${ago(one.created_at)}` })),
          ]}
          onChoose={(before) => setQuery({ before })}
        />
      </div>
      {other ? <Found before={other} after={of.version_id} /> : <p class="hint">{t("set_diff_hint")}</p>}
    </section>
  );
}

function Found({ before, after }: { before: string; after: string }) {
  const diff = useResource(`${before}|${after}`, (stop) =>
    ask("GET /api/v1/datasets/{version}/diff/{other}", { path: { version: before, other: after } }, stop),
  );
  return <Loaded from={diff}>{(found) => <Changes diff={found} before={before} after={after} />}</Loaded>;
}

export function Changes({ diff, before, after }: { diff: DiffReply; before: string; after: string }) {
  const present = KINDS.filter((kind) => diff.counts[kind]);
  const [chosen, setChosen] = useState<Kind | undefined>(undefined);
  const kind = chosen && present.includes(chosen) ? chosen : present[0];
  const recipe = Object.entries(diff.recipe);
  return (
    <div class="stack">
      {recipe.length > 0 && (
        <dl class="facts facts-plain">
          {recipe.map(([name, [was, is]]) => (
            <>
              <dt key={name}>{name}</dt>
              <dd class="code">
                <del>{was || t("set_any")}</del> → {is || t("set_any")}
              </dd>
            </>
          ))}
        </dl>
      )}
      {!kind && <p class="hint">{t("set_no_diff")}</p>}
      {kind && (
        <Segmented
          label={t("set_diff")}
          value={kind}
          options={present.map((value) => ({ value, label: t(`set_${value}`), count: diff.counts[value] }))}
          onChoose={(value) => setChosen(value as Kind)}
        />
      )}
      {kind && (kind === "relabelled" || kind === "moved") && <ChangedList diff={diff} kind={kind} version={after} />}
      {kind && kind !== "relabelled" && kind !== "moved" && (
        <ul class="picture-grid">
          {diff[kind].slice(0, MAX_SHOWN).map((one) => (
            <PictureTile
              key={one.picture + one.source_id + one.camera_id}
              version={kind === "removed" ? before : after}
              picture={one.picture}
              title={one.source_id}
              hint={one.camera_id}
            />
          ))}
        </ul>
      )}
      {kind && (diff.counts[kind] ?? 0) > MAX_SHOWN && <p class="hint">{t("set_first_shown", { count: MAX_SHOWN, total: diff.counts[kind] ?? 0 })}</p>}
    </div>
  );
}

function ChangedList({ diff, kind, version }: { diff: DiffReply; kind: "relabelled" | "moved"; version: string }) {
  return (
    <ul class="list">
      {diff[kind].slice(0, MAX_SHOWN).map((one) => (
        <li key={one.picture + one.source_id + one.camera_id}>
          <a href={`/why?picture=${one.picture}`} aria-label={t("set_picture_why")}>
            <Picture src={pictureAt(version, one.picture)} />
          </a>
          <span class="grow">
            {one.source_id}
            {one.split_before !== one.split_after && (
              <Badge tone="ask" icon="swap">{`${t(`set_split_${one.split_before}`)} → ${t(`set_split_${one.split_after}`)}`}</Badge>
            )}
            {one.boxes.map(([where, was, is]) => (
              <span key={where} class="hint block">
                <del>{was || t("run_nothing")}</del> → <strong>{is || t("run_nothing")}</strong> <span class="code">{where}</span>
              </span>
            ))}
          </span>
        </li>
      ))}
    </ul>
  );
}
