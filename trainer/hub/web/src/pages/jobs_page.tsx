// The queue: what waits, what runs where and how far, what came of it; and who does the work.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { Meter } from "@tillsight/web-shared/meter.tsx";
import { ask } from "../api.ts";
import type { JobReply, Routes, WorkerReply } from "../api_types.ts";
import { shortId } from "../fleet_words.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { Pager } from "../parts/pager.tsx";
import { useResource } from "../resource.ts";
import { place, setQuery } from "../router.ts";
import { JobBadge, tookText } from "../run_words.tsx";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";

const LIMIT = 50;
const EVERY_MS = 4_000;
const SILENT_MS = 60_000; // a worker that waits asks every few seconds, one that works beats twice a minute
const STATUSES = ["", "queued", "leased", "done", "failed", "cancelled"] as const;

const COLUMNS: readonly Column<JobReply>[] = [
  {
    key: "kind",
    title: t("job_kind"),
    canSort: true,
    isMain: true,
    cell: (job) => (
      <>
        {job.kind}
        <span class="hint block code">{shortId(job.job_id)}</span>
      </>
    ),
  },
  { key: "status", title: t("state"), canSort: true, cell: (job) => <JobBadge status={job.status} /> },
  { key: "progress", title: t("progress"), cell: (job) => <Progress job={job} /> },
  { key: "worker", title: t("job_worker"), canSort: true, cell: (job) => job.worker },
  { key: "priority", title: t("job_priority"), canSort: true, isNumber: true, cell: (job) => job.priority },
  { key: "took", title: t("run_took"), isNumber: true, cell: (job) => tookText(job.started_at, job.finished_at) },
  { key: "created_by", title: t("by"), canSort: true, cell: (job) => job.created_by },
  { key: "created_at", title: t("run_created"), canSort: true, cell: (job) => <time title={exactly(job.created_at)}>{ago(job.created_at)}</time> },
];

export function JobsPage() {
  const { query } = place.value;
  const status = query.get("status") ?? "";
  const offset = Number(query.get("offset") ?? 0);
  const sort = query.get("sort") ?? "-created_at";
  const asked = { status, sort, offset, limit: LIMIT } as NonNullable<Routes["GET /api/v1/jobs"]["query"]>;
  const jobs = useResource(`${status}|${offset}|${sort}`, (stop) => ask("GET /api/v1/jobs", { query: asked }, stop), EVERY_MS);
  return (
    <Page title={t("nav_jobs")} note={t("job_note")}>
      <Workers />
      <Segmented
        label={t("state")}
        value={status}
        options={STATUSES.map((value) => ({ value, label: value ? t(`job_is_${value}`) : t("all") }))}
        onChoose={(wanted) => setQuery({ status: wanted, offset: "" })}
      />
      <Loaded from={jobs}>
        {(page) =>
          page.items.length ? (
            <>
              <DataTable
                label={t("nav_jobs")}
                columns={COLUMNS}
                rows={page.items}
                rowKey={(job) => job.job_id}
                href={(job) => `/jobs/${job.job_id}`}
                sort={sort}
                onSort={(wanted) => setQuery({ sort: wanted, offset: "" })}
              />
              <Pager total={page.total} offset={page.offset} limit={LIMIT} />
            </>
          ) : (
            <EmptyState icon="list" title={status ? t("nothing_found") : t("job_none")}>
              <p>{t("job_none_hint")}</p>
            </EmptyState>
          )
        }
      </Loaded>
    </Page>
  );
}

function Progress({ job }: { job: JobReply }) {
  if (job.status === "leased") return <Meter label={job.message || t("progress")} share={job.progress / 100} text={`${job.progress} %`} />;
  return <span class="clip hint">{job.message}</span>;
}

function Workers() {
  const workers = useResource("workers", (stop) => ask("GET /api/v1/workers", {}, stop), EVERY_MS);
  return (
    <section class="panel" aria-label={t("job_workers")}>
      <div class="panel-head">
        <h2>{t("job_workers")}</h2>
      </div>
      <Loaded from={workers}>
        {(found) =>
          found.length ? (
            <ul class="list workers">
              {found.map((worker) => (
                <Worker key={worker.worker} worker={worker} />
              ))}
            </ul>
          ) : (
            <p class="hint">{t("job_no_workers")}</p>
          )
        }
      </Loaded>
    </section>
  );
}

function Worker({ worker }: { worker: WorkerReply }) {
  const isSilent = Date.now() - new Date(worker.seen_at).getTime() > SILENT_MS;
  const does = isSilent ? "silent" : worker.job_id ? "works" : "waits";
  const tone = { silent: "bad", works: "accent", waits: "good" } as const;
  return (
    <li>
      <span class="grow">
        <strong>{worker.worker}</strong>
        <span class="hint block">
          {[worker.kinds.join(", "), worker.num_gpus > 0 && t("job_has_gpus", { count: worker.num_gpus })].filter(Boolean).join(" · ")}
        </span>
      </span>
      {worker.job_id && <a href={`/jobs/${worker.job_id}`} class="code">{shortId(worker.job_id)}</a>}
      <Badge tone={tone[does]}>{t(`job_worker_${does}`)}</Badge>
      <time class="hint" title={exactly(worker.seen_at)}>{ago(worker.seen_at)}</time>
    </li>
  );
}
