// What one box told: bundles, figures, and the commands it was sent.

import type { ComponentChildren } from "preact";
import { Badge, type Tone } from "@tillsight/web-shared/badge.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { address } from "../api.ts";
import type { BoxReply, CommandLine } from "../api_types.ts";
import { codeText, has, language, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const COMMAND_TONES: Readonly<Record<string, Tone>> = { done: "good", failed: "bad", waiting: "ask", sent: "ask" };
const SLOTS = ["active", "candidate", "previous"] as const;

export function BundlePanel({ of }: { of: BoxReply }) {
  const rows = SLOTS.filter((slot) => of.bundles[slot]);
  return (
    <Panel title={t("bundles")} isEmpty={!rows.length} empty={t("no_bundles")}>
      <dl class="facts">
        {rows.map((slot) => (
          <Fact key={slot} name={t(`slot_${slot}`)}>
            <span class="code">{of.bundles[slot]}</span>
          </Fact>
        ))}
        {of.generation > 0 && <Fact name={t("generation")}>{of.generation}</Fact>}
        {of.quarantined.length > 0 && <Fact name={t("quarantined")}>{of.quarantined.join(", ")}</Fact>}
      </dl>
    </Panel>
  );
}

export function FactPanel({ of }: { of: BoxReply }) {
  const facts = Object.entries(of.facts);
  const { box } = of;
  return (
    <Panel title={t("figures")}>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <Fact key={name} name={codeText("figure", name)}>
            {figure(name, value)}
          </Fact>
        ))}
        {of.enrolled_at && <Fact name={t("enrolled")}>{exactly(of.enrolled_at)}</Fact>}
        <Fact name={t("six_words")}>{box.fingerprint_words}</Fact>
      </dl>
    </Panel>
  );
}

export function CommandPanel({ of }: { of: BoxReply }) {
  return (
    <Panel title={t("commands")} isEmpty={!of.commands.length} empty={t("no_commands")}>
      <ul class="list">
        {of.commands.slice(0, 6).map((command) => (
          <li key={command.command_id}>
            <span class="grow">
              <strong>{t(`command_${command.kind}`)}</strong>
              <span class="hint block">
                <time title={exactly(command.created_at)}>{ago(command.created_at)}</time>
                {command.message && ` · ${command.message}`}
              </span>
            </span>
            {command.has_output && <OutputLink boxId={of.box.box_id} command={command} />}
            <Badge tone={COMMAND_TONES[command.status] ?? "calm"}>{t(`command_is_${command.status}`)}</Badge>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function OutputLink({ boxId, command }: { boxId: string; command: CommandLine }) {
  const href = address("/api/v1/fleet/boxes/{box_id}/commands/{command_id}/output", {
    box_id: boxId,
    command_id: command.command_id,
  });
  return (
    <a class="button button-small" href={href} download>
      <Icon name="download" size="1.2em" />
      {t("save_file")}
    </a>
  );
}

interface PanelProps {
  title: string;
  isEmpty?: boolean;
  empty?: string;
  children: ComponentChildren;
}

function Panel({ title, isEmpty, empty, children }: PanelProps) {
  return (
    <section class="panel" aria-label={title}>
      <div class="panel-head">
        <h2>{title}</h2>
      </div>
      {isEmpty ? <p class="hint">{empty}</p> : children}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function figure(name: string, value: number): string {
  const text = new Intl.NumberFormat(language.value, { maximumFractionDigits: 1 }).format(value);
  const unit = name.match(/_(ms|mib|c|s)$/)?.[1];
  const key = `unit_${unit}`;
  return unit && has(key) ? t(key, { value: text }) : text;
}
