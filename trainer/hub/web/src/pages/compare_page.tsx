// Runs beside each other: where they differ, and their curves in one plot each.

import { ask } from "../api.ts";
import { DifferenceTable } from "../parts/difference_table.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { RunCurves } from "../parts/run_curves.tsx";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { differences, packagesOf, type Document } from "../run_values.ts";
import { RunBadge } from "../run_words.tsx";
import { t } from "../texts.ts";
import { ago } from "../times.ts";
import { Button } from "@tillsight/web-shared/button.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";

const MAX_RUNS = 6; // as many as a plot can tell apart

export function ComparePage() {
  const asked = place.value.query.get("runs") ?? "";
  const ids = [...new Set(asked.split(",").filter(Boolean))].slice(0, MAX_RUNS);
  const isAll = place.value.query.get("all") === "yes";
  const found = useResource(ids.join(","), (stop) =>
    Promise.all(
      ids.map(async (run_id) => {
        const [run, curves] = await Promise.all([
          ask("GET /api/v1/runs/{run_id}", { path: { run_id } }, stop),
          ask("GET /api/v1/runs/{run_id}/scalars", { path: { run_id } }, stop),
        ]);
        return { run, curves };
      }),
    ),
  );
  return (
    <Page
      title={t("run_comparison")}
      back={{ href: "/runs", label: t("nav_runs") }}
      note={t("run_compared", { count: ids.length })}
      actions={
        <Button pressed={isAll} onPress={() => setQuery({ all: isAll ? "" : "yes" })}>
          {t("run_show_same")}
        </Button>
      }
    >
      {ids.length < 2 && <EmptyState icon="swap" title={t("run_compare_hint")} />}
      <Loaded from={found}>
        {(runs) => {
          const heads = unique(runs.map(({ run }) => run.name));
          const part = (title: string, documents: readonly Document[]) => (
            <Part key={title} title={title} heads={heads} documents={documents} isAll={isAll} />
          );
          return (
            <>
              <ul class="compared-runs">
                {runs.map(({ run }, i) => (
                  <li key={run.run_id}>
                    <a href={`/runs/${run.run_id}`}>{heads[i]}</a>
                    <RunBadge status={run.status} />
                    <span class="hint">{ago(run.created_at)}</span>
                  </li>
                ))}
              </ul>
              <section class="panel" aria-label={t("run_curves")}>
                <div class="panel-head">
                  <h2>{t("run_curves")}</h2>
                </div>
                <RunCurves runs={runs.map(({ curves }, i) => ({ name: heads[i] ?? "", curves }))} />
              </section>
              {part(t("run_parameters"), runs.map(({ run }) => run.parameters))}
              {part(t("run_result"), runs.map(({ run }) => run.result))}
              {part(t("run_environment"), runs.map(({ run }) => withoutPackages(run.capture)))}
              {part(t("run_packages_head"), runs.map(({ run }) => packagesOf(run.capture)))}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

interface PartProps {
  title: string;
  heads: readonly string[];
  documents: readonly Document[];
  isAll: boolean;
}

function Part({ title, heads, documents, isAll }: PartProps) {
  return (
    <section class="panel" aria-label={title}>
      <div class="panel-head">
        <h2>{title}</h2>
      </div>
      <DifferenceTable label={title} heads={heads} rows={differences(documents, !isAll)} />
    </section>
  );
}

function withoutPackages(capture: Document): Document {
  return Object.fromEntries(Object.entries(capture).filter(([name]) => name !== "packages"));
}

/** Runs may share a name; then each says which it is. */
function unique(names: readonly string[]): readonly string[] {
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${i + 1})`));
}
