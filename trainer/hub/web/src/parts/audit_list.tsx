// Who did what and when, newest first, in days; older entries on demand.

import { useEffect, useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { ask } from "../api.ts";
import { faultText } from "../faults.ts";
import { shortId } from "../fleet_words.tsx";
import { PAGES } from "../navigation.ts";
import { may } from "../session_state.ts";
import { codeText, t } from "../texts.ts";
import { clock, day, exactly } from "../times.ts";
import { Waiting } from "./page.tsx";

export interface AuditEntry {
  readonly audit_id: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Which page shows a subject of this kind. */
const PLACES: Readonly<Record<string, string>> = {
  account: "accounts", alert: "monitoring", box: "fleet", case: "cases", dataset: "datasets", job: "jobs", model: "models",
  onboarding: "onboarding", rollout: "rollouts", run: "runs", sku: "catalogue", store: "stores", trigger: "settings", webhook: "settings",
};

interface Props {
  subject?: string;
  actor?: string;
  action?: string;
  title?: string;
  limit?: number;
}

export function AuditList({ subject = "", actor = "", action = "", title, limit = 50 }: Props) {
  const [entries, setEntries] = useState<readonly AuditEntry[] | null>(null);
  const [isEnd, setEnd] = useState(false);
  const [fault, setFault] = useState("");

  async function load(before: number): Promise<void> {
    try {
      const found = await ask("GET /api/v1/audit", { query: { subject, actor, action, before, limit } });
      const fresh = found as unknown as readonly AuditEntry[];
      setEntries((old) => (before ? [...(old ?? []), ...fresh] : fresh));
      setEnd(fresh.length < limit);
    } catch (error) {
      setFault(faultText(error));
    }
  }
  useEffect(() => void load(0), [subject, actor, action]);

  if (fault) return <p class="fault">{fault}</p>;
  if (!entries) return <Waiting />;
  return (
    <section class="panel" aria-label={title ?? t("nav_audit")}>
      {title && (
        <div class="panel-head">
          <h2>{title}</h2>
        </div>
      )}
      {entries.length === 0 && <EmptyState icon="history" title={t("no_entries")} />}
      {byDay(entries).map(([date, ofDay]) => (
        <div key={date}>
          <h3 class="eyebrow">{date}</h3>
          <ol class="list">
            {ofDay.map((entry) => (
              <Entry key={entry.audit_id} entry={entry} />
            ))}
          </ol>
        </div>
      ))}
      {!isEnd && entries.length > 0 && (
        <Button kind="soft" onPress={() => void load(entries[entries.length - 1]?.audit_id ?? 0)}>
          {t("older")}
        </Button>
      )}
    </section>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const details = Object.entries(entry.details)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" · ");
  return (
    <li class="audit-entry">
      <time class="hint" title={exactly(entry.at)}>
        {clock(entry.at)}
      </time>
      <span class="grow">
        <strong>{codeText("action", entry.action)}</strong> <Subject of={entry.subject} />
        {details && <span class="hint block">{short(details)}</span>}
      </span>
      <span class="hint">{entry.actor}</span>
    </li>
  );
}

/** What it was about, in words, leading there where a page shows it and this person may see it. */
function Subject({ of }: { of: string }) {
  const [kind = "", ...rest] = of.split(":");
  const name = rest.join(":");
  const [known, shown] = name ? [kind, name] : ["box", kind];
  const text = `${codeText("subject", known)} ${shortId(shown)}`;
  const path = PLACES[known];
  const row = PAGES.find((candidate) => candidate.path === path);
  if (!row || !may(row.needs)) return <span title={of}>{text}</span>;
  return (
    <a href={row.detail ? `/${path}/${encodeURIComponent(shown)}` : `/${path}`} title={of}>
      {text}
    </a>
  );
}

/** Digests by their first digits; nobody reads sixty-four. */
function short(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{64}\b/g, (digest) => digest.slice(0, 12));
}

function byDay(entries: readonly AuditEntry[]): readonly (readonly [string, readonly AuditEntry[]])[] {
  const days = new Map<string, AuditEntry[]>();
  for (const entry of entries) {
    const name = day(entry.at);
    days.set(name, [...(days.get(name) ?? []), entry]);
  }
  return [...days];
}
