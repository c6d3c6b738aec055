// One job: how far it is, on which worker, what it writes; stopped only after a question.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { ConfirmSheet } from "@tillsight/web-shared/confirm_sheet.tsx";
import { Meter } from "@tillsight/web-shared/meter.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { JobReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { JobLog } from "../parts/log_tail.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { ValuesPanel } from "../parts/run_panels.tsx";
import { useResource } from "../resource.ts";
import { isUnderWay, JobBadge, tookText } from "../run_words.tsx";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const EVERY_MS = 3_000;

export function JobPage({ id }: { id: string }) {
  const job = useResource(id, (stop) => ask("GET /api/v1/jobs/{job_id}", { path: { job_id: id } }, stop), EVERY_MS);
  const value = job.value;
  const runId = value && typeof value.parameters["run_id"] === "string" ? value.parameters["run_id"] : "";
  return (
    <Page
      title={value?.kind ?? t("nav_jobs")}
      back={{ href: "/jobs", label: t("nav_jobs") }}
      note={
        value && (
          <span class="row">
            <JobBadge status={value.status} />
            {value.is_cancel_asked && value.status === "leased" && <Badge tone="ask">{t("job_stop_asked")}</Badge>}
            <span class="code">{value.job_id}</span>
            {runId && <a href={`/runs/${runId}`}>{t("job_run")}</a>}
          </span>
        )
      }
      actions={value && isUnderWay(value.status) && !value.is_cancel_asked && may("jobs.change") && <Cancel job={value} onDone={job.reload} />}
    >
      <Loaded from={job}>
        {(found) => (
          <>
            {isUnderWay(found.status) && (
              <section class="panel" aria-label={t("progress")}>
                <Meter
                  label={found.message || t("progress")}
                  share={found.progress / 100}
                  text={found.status === "queued" ? t("job_waits") : `${found.progress} %`}
                />
              </section>
            )}
            <section class="panel" aria-label={t("job_log")}>
              <div class="panel-head">
                <h2>{t("job_log")}</h2>
              </div>
              <JobLog jobId={found.job_id} isLive={isUnderWay(found.status)} />
            </section>
            <div class="panels">
              <Facts job={found} />
              <ValuesPanel title={t("run_parameters")} values={found.parameters} />
              <ValuesPanel title={t("run_result")} values={found.result} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Facts({ job }: { job: JobReply }) {
  const rows: readonly (readonly [string, string])[] = [
    [t("job_worker"), job.worker],
    [t("job_attempt"), t("job_attempt_of", { attempt: job.attempt, most: job.max_attempts })],
    [t("job_priority"), String(job.priority)],
    [t("job_gpus"), String(job.num_gpus)],
    [t("by"), job.created_by],
    [t("run_created"), exactly(job.created_at)],
    [t("job_begun"), job.started_at ? exactly(job.started_at) : ""],
    [t("run_took"), tookText(job.started_at, job.finished_at)],
    [t("job_lease"), job.status === "leased" && job.lease_until ? ago(job.lease_until) : ""],
    [t("job_message"), job.message],
  ];
  return (
    <section class="panel" aria-label={t("details")}>
      <div class="panel-head">
        <h2>{t("details")}</h2>
      </div>
      <dl class="facts">
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <>
              <dt key={name}>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
      </dl>
    </section>
  );
}

function Cancel({ job, onDone }: { job: JobReply; onDone: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const [fault, setFault] = useState("");
  async function stop(): Promise<void> {
    setAsking(false);
    try {
      const told = await ask("POST /api/v1/jobs/{job_id}/cancel", { path: { job_id: job.job_id } });
      tell(t(told.status === "cancelled" ? "job_stopped" : "job_will_stop"));
      onDone();
    } catch (error) {
      setFault(faultText(error));
    }
  }
  return (
    <>
      {fault && <p class="fault" role="alert">{fault}</p>}
      <Button kind="danger" icon="close" onPress={() => setAsking(true)}>
        {t("job_stop")}
      </Button>
      {isAsking && (
        <ConfirmSheet
          title={t("job_stop_title", { kind: job.kind })}
          action={t("job_stop")}
          closeLabel={t("job_let_run")}
          isDangerous
          onClose={() => setAsking(false)}
          onConfirm={() => void stop()}
        >
          <p>{t(job.status === "leased" ? "job_stop_hint" : "job_stop_queued_hint")}</p>
        </ConfirmSheet>
      )}
    </>
  );
}
