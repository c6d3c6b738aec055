// What a run holds beside its curves: values, the environment and code it ran with, its files.

import { Icon } from "@tillsight/web-shared/icon.tsx";
import { address } from "../api.ts";
import type { RunFile } from "../api_types.ts";
import { shortId } from "../fleet_words.tsx";
import { flattened, isDocument, packagesOf, valueText, type Document } from "../run_values.ts";
import { sizeText } from "../run_words.tsx";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";

const DIGEST = /^[0-9a-f]{64}$/;
const CODE = ["entry", "arguments", "commit", "code", "seed"] as const;

export function ValuesPanel({ title, values }: { title: string; values: Document }) {
  const rows = [...flattened(values)];
  if (!rows.length) return null;
  return (
    <section class="panel" aria-label={title}>
      <div class="panel-head">
        <h2>{title}</h2>
      </div>
      <Values rows={rows} />
    </section>
  );
}

function Values({ rows }: { rows: readonly (readonly [string, unknown])[] }) {
  return (
    <dl class="facts facts-plain">
      {rows.map(([name, value]) => (
        <>
          <dt key={name}>{name}</dt>
          <dd class="code">{DIGEST.test(valueText(value)) ? <Digest name={name} value={valueText(value)} /> : valueText(value)}</dd>
        </>
      ))}
    </dl>
  );
}

/** A digest leads on where its name says what it is. */
function Digest({ name, value }: { name: string; value: string }) {
  const last = name.split(".").at(-1) ?? "";
  const href = last.startsWith("dataset") ? `/datasets/${value}` : last.startsWith("bundle") ? `/models/${value}` : "";
  return href ? <a href={href}>{shortId(value)}</a> : <span title={value}>{shortId(value)}</span>;
}

export function CapturePanel({ capture }: { capture: Document }) {
  const code = CODE.filter((name) => capture[name] !== undefined && capture[name] !== "").map((name) => [name, capture[name]] as const);
  const rest = Object.entries(capture).filter(([name]) => !(CODE as readonly string[]).includes(name) && name !== "packages");
  const machine = rest.flatMap(([name, value]) => (isDocument(value) ? [...flattened(value)] : [[name, value] as const]));
  const packages = Object.entries(packagesOf(capture));
  if (!code.length && !machine.length && !packages.length) return null;
  const archive = typeof capture["code"] === "string" ? capture["code"] : "";
  return (
    <section class="panel" aria-label={t("run_environment")}>
      <div class="panel-head">
        <h2>{t("run_environment")}</h2>
        {DIGEST.test(archive) && may("artifacts.read") && (
          <a class="button button-small" href={address("/api/v1/artifacts/{sha256}", { sha256: archive })} download="code.tar">
            <Icon name="download" />
            {t("run_code")}
          </a>
        )}
      </div>
      <Values rows={code} />
      <Values rows={machine} />
      {packages.length > 0 && (
        <details>
          <summary>{t("run_packages", { count: packages.length })}</summary>
          <Values rows={packages} />
        </details>
      )}
    </section>
  );
}

export function FilesPanel({ files }: { files: readonly RunFile[] }) {
  if (!files.length) return null;
  return (
    <section class="panel" aria-label={t("run_files")}>
      <div class="panel-head">
        <h2>{t("run_files")}</h2>
      </div>
      <ul class="list">
        {files.map((file) => (
          <li key={file.name}>
            <span class="grow">{file.name}</span>
            <span class="hint">{sizeText(file.size)}</span>
            {may("artifacts.read") && (
              <a
                class="button button-round"
                href={address("/api/v1/artifacts/{sha256}", { sha256: file.sha256 })}
                download={file.name.replaceAll("/", "_")}
                aria-label={t("run_fetch", { name: file.name })}
              >
                <Icon name="download" />
              </a>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
