// One run: curves, parameters, what it ran on, its output; or, as a draft, its parameters being edited.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Meter } from "@tillsight/web-shared/meter.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { RunReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { AuditList } from "../parts/audit_list.tsx";
import { FileLog, JobLog } from "../parts/log_tail.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { CapturePanel, FilesPanel, ValuesPanel } from "../parts/run_panels.tsx";
import { RunCurves } from "../parts/run_curves.tsx";
import { RunEditor } from "../parts/run_editor.tsx";
import { RunModel } from "../parts/run_model.tsx";
import { RunNotes } from "../parts/run_notes.tsx";
import { useResource } from "../resource.ts";
import { go } from "../router.ts";
import { isUnderWay, RunBadge, tookText } from "../run_words.tsx";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago } from "../times.ts";
import { ComparePage } from "./compare_page.tsx";

const EVERY_MS = 5_000;
const OUTPUT_FILE = "output.log";

export function RunPage({ id }: { id: string }) {
  return id === "+compare" ? <ComparePage /> : <KnownRun id={id} />;
}

function KnownRun({ id }: { id: string }) {
  const [turn, setTurn] = useState(0);
  const run = useResource(`${id}|${turn}`, (stop) => ask("GET /api/v1/runs/{run_id}", { path: { run_id: id } }, stop), EVERY_MS);
  const value = run.value;
  const refresh = () => setTurn((n) => n + 1);
  return (
    <Page
      title={value?.name ?? t("nav_runs")}
      back={{ href: "/runs", label: t("nav_runs") }}
      note={value && <Summary run={value} />}
      actions={value && <Actions run={value} />}
    >
      <Loaded from={run}>
        {(found) => (
          <>
            {found.status === "draft" && may("runs.change") && <RunEditor key={found.run_id} run={found} onQueued={refresh} />}
            {found.job_id && isUnderWay(found.status) && <JobProgress jobId={found.job_id} />}
            {found.status !== "draft" && <CurvesPanel run={found} />}
            <div class="panels">
              <RunModel run={found} />
              <ValuesPanel title={t("run_result")} values={found.result} />
              {(found.status !== "draft" || !may("runs.change")) && <ValuesPanel title={t("run_parameters")} values={found.parameters} />}
              <CapturePanel capture={found.capture} />
              <FilesPanel files={found.files} />
              <RunNotes run={found} onSaved={refresh} />
            </div>
            <Output run={found} />
            {may("audit.read") && <AuditList key={turn} subject={`run:${id}`} title={t("history")} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Summary({ run }: { run: RunReply }) {
  return (
    <span class="row">
      <RunBadge status={run.status} />
      <span>{t("run_by", { kind: run.kind, by: run.created_by, ago: ago(run.created_at) })}</span>
      {run.started_at && <span>{tookText(run.started_at, run.finished_at)}</span>}
      {run.parent_id && <a href={`/runs/${run.parent_id}`}>{t("run_parent")}</a>}
      {run.job_id && <a href={`/jobs/${run.job_id}`}>{t("run_job")}</a>}
    </span>
  );
}

function Actions({ run }: { run: RunReply }) {
  const [fault, setFault] = useState("");
  async function clone(): Promise<void> {
    try {
      const made = await ask("POST /api/v1/runs/{run_id}/clone", { path: { run_id: run.run_id }, body: {} });
      tell(t("run_cloned"));
      go(`/runs/${made.run_id}`);
    } catch (error) {
      setFault(faultText(error));
    }
  }
  return (
    <>
      {fault && <p class="fault" role="alert">{fault}</p>}
      {run.parent_id && (
        <Button icon="swap" onPress={() => go(`/runs/+compare?runs=${run.parent_id},${run.run_id}`)}>
          {t("run_compare_parent")}
        </Button>
      )}
      {may("runs.change") && (
        <Button kind={run.status === "draft" ? "plain" : "main"} icon="add" onPress={() => void clone()}>
          {t("run_clone")}
        </Button>
      )}
    </>
  );
}

function JobProgress({ jobId }: { jobId: string }) {
  const job = useResource(jobId, (stop) => ask("GET /api/v1/jobs/{job_id}", { path: { job_id: jobId } }, stop), EVERY_MS);
  if (!job.value) return null;
  const { status, progress, message, worker } = job.value;
  const text = status === "queued" ? t("job_waits") : `${progress} %`;
  return (
    <section class="panel" aria-label={t("progress")}>
      <Meter label={[worker, message].filter(Boolean).join(": ") || t("progress")} share={progress / 100} text={text} />
    </section>
  );
}

function CurvesPanel({ run }: { run: RunReply }) {
  const isLive = isUnderWay(run.status);
  const key = `${run.run_id}|${run.status}`;
  const curves = useResource(key, (stop) => ask("GET /api/v1/runs/{run_id}/scalars", { path: { run_id: run.run_id } }, stop), isLive ? EVERY_MS : 0);
  return (
    <section class="panel" aria-label={t("run_curves")}>
      <div class="panel-head">
        <h2>{t("run_curves")}</h2>
      </div>
      <Loaded from={curves}>{(found) => <RunCurves runs={[{ name: run.name, curves: found }]} />}</Loaded>
    </section>
  );
}

function Output({ run }: { run: RunReply }) {
  const kept = run.files.find((file) => file.name === OUTPUT_FILE);
  if (!run.job_id && !(kept && may("artifacts.read"))) return null;
  return (
    <section class="panel" aria-label={t("run_output")}>
      <div class="panel-head">
        <h2>{t("run_output")}</h2>
      </div>
      {run.job_id ? <JobLog jobId={run.job_id} isLive={isUnderWay(run.status)} /> : kept && <FileLog sha256={kept.sha256} size={kept.size} />}
    </section>
  );
}
