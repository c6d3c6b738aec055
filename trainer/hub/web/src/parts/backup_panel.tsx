// Backups of the hub: which there are, one made now, one read again; restoring is for the machine itself.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { DataTable, type Column } from "@tillsight/web-shared/data_table.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ApiError, ask } from "../api.ts";
import type { BackupRow, TaskReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { numberText } from "../run_words.tsx";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";
import { Waiting } from "./page.tsx";

const EVERY_MS = 3_000;
const NOT_KEPT = 400; // the hub refuses: hub.toml names no folder

export function BackupPanel() {
  const [fault, setFault] = useState("");
  const backups = useResource("backups", (stop) => ask("GET /api/v1/backups", {}, stop), EVERY_MS);
  const isBusy = backups.value?.task.state === "running";

  async function run(work: () => Promise<unknown>): Promise<void> {
    setFault("");
    try {
      await work();
      tell(t("backup_begun"));
      backups.reload();
    } catch (error) {
      setFault(faultText(error));
    }
  }
  const create = () => run(() => ask("POST /api/v1/backups", { body: {} }));
  const verify = (name: string) => run(() => ask("POST /api/v1/backups/{name}/verify", { path: { name } }));

  return (
    <section class="panel" aria-label={t("backups")}>
      <div class="panel-head">
        <h2>{t("backups")}</h2>
        {backups.value && (
          <Button kind="main" icon="add" blocked={isBusy} onPress={() => !isBusy && void create()}>
            {t("backup_now")}
          </Button>
        )}
      </div>
      <p class="hint">{backups.value ? t("backups_note", { folder: backups.value.folder }) : t("backups_hint")}</p>
      {fault && <p class="fault" role="alert">{fault}</p>}
      {backups.value ? (
        <>
          <Task of={backups.value.task} />
          {backups.value.items.length > 0 ? (
            <DataTable label={t("backups")} columns={columnsOf(isBusy, verify)} rows={backups.value.items} rowKey={(row) => row.name} />
          ) : (
            <p class="hint">{t("no_backups")}</p>
          )}
        </>
      ) : backups.error ? (
        <Absent error={backups.error} />
      ) : (
        <Waiting lines={2} />
      )}
    </section>
  );
}

function Absent({ error }: { error: ApiError }) {
  return <p class={error.status >= NOT_KEPT && error.status < 500 ? "hint" : "fault"}>{faultText(error)}</p>;
}

/** What the hub does now, or what came of the last one; it goes on when this page is closed. */
function Task({ of }: { of: TaskReply }) {
  const { state = "", what = "create", name = "", problems = [] } = of;
  if (state === "running") return <Banner tone="calm" icon="clock" title={t(`backup_runs_${what}`, { name })} />;
  if (state === "failed") {
    return (
      <Banner tone="serious" title={t("backup_failed", { name })}>
        <ul>
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      </Banner>
    );
  }
  return state === "done" ? <Banner tone="calm" icon="check" title={t(`backup_done_${what}`, { name })} /> : null;
}

function columnsOf(isBusy: boolean, verify: (name: string) => Promise<void>): readonly Column<BackupRow>[] {
  return [
    { key: "at", title: t("backup_made"), isMain: true, cell: (row) => <time title={exactly(row.created_at)}>{ago(row.created_at)}</time> },
    { key: "name", title: t("backup_name"), cell: (row) => <span class="code">{row.name}</span> },
    { key: "database", title: t("backup_database"), cell: (row) => row.database },
    { key: "files", title: t("backup_files"), isNumber: true, cell: (row) => numberText(row.num_files + row.num_blobs) },
    { key: "missing", title: t("state"), cell: (row) => <Badge tone={row.num_missing ? "bad" : "good"}>{row.num_missing ? t("backup_lacks", { count: row.num_missing }) : t("backup_whole")}</Badge> },
    {
      key: "verify",
      title: t("backup_check"),
      cell: (row) => (
        <Button class="button-small" blocked={isBusy} label={`${t("backup_check")}: ${row.name}`} onPress={() => !isBusy && void verify(row.name)}>
          {t("backup_check")}
        </Button>
      ),
    },
  ];
}
