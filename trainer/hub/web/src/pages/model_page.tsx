// One model: where it comes from, what the gate said, who approved it, which ring runs it.

import { useState } from "preact/hooks";
import { Badge } from "@tillsight/web-shared/badge.tsx";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { ConfirmSheet } from "@tillsight/web-shared/confirm_sheet.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { ModelReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { shortId } from "../fleet_words.tsx";
import { ApprovalPanel, VetoBanner } from "../parts/approval_panel.tsx";
import { AuditList } from "../parts/audit_list.tsx";
import { GatePanel } from "../parts/gate_panel.tsx";
import { ModelRollouts } from "../parts/model_rollouts.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { RolloutSheet } from "../parts/rollout_sheet.tsx";
import { useResource } from "../resource.ts";
import { may } from "../session_state.ts";
import { t } from "../texts.ts";
import { ago, exactly } from "../times.ts";
import { StageBadge } from "./models_page.tsx";

type Asked = "" | "approve" | "reject" | "assign" | "rollout";

export function ModelPage({ id }: { id: string }) {
  const [turn, setTurn] = useState(0);
  const model = useResource(`${id}|${turn}`, (stop) => ask("GET /api/v1/models/{bundle_id}", { path: { bundle_id: id } }, stop));
  const value = model.value;
  return (
    <Page
      title={value ? `${value.name} ${value.version}` : id}
      back={{ href: "/models", label: t("nav_models") }}
      note={value && (
        <span class="row">
          <StageBadge stage={value.stage} />
          <span class="code">{value.bundle_id}</span>
        </span>
      )}
      actions={value && <Decisions model={value} onDone={() => setTurn((n) => n + 1)} />}
    >
      <Loaded from={model}>
        {(found) => (
          <>
            <VetoBanner model={found} />
            <ModelRollouts bundleId={id} />
            {found.verdicts.length === 0 && <Banner tone="calm" icon="info" title={t("not_judged")}>{t("not_judged_hint")}</Banner>}
            {found.verdicts.map((verdict) => (
              <GatePanel key={verdict.verdict_id} verdict={verdict} />
            ))}
            <div class="panels">
              <Approvals model={found} />
              <ApprovalPanel model={found} onDone={() => setTurn((n) => n + 1)} />
              <Lineage model={found} />
            </div>
            {may("audit.read") && <AuditList key={turn} subject={`model:${id}`} title={t("history")} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Decisions({ model, onDone }: { model: ModelReply; onDone: () => void }) {
  const [asked, setAsked] = useState<Asked>("");
  const [fault, setFault] = useState("");
  const path = { bundle_id: model.bundle_id };

  async function run(work: () => Promise<unknown>, done: string): Promise<void> {
    setAsked("");
    setFault("");
    try {
      await work();
      tell(done);
      onDone();
    } catch (error) {
      setFault(faultText(error));
    }
  }
  const decide = (isApproval: boolean, note: string) =>
    run(
      () =>
        isApproval
          ? ask("POST /api/v1/models/{bundle_id}/approve", { path, body: { note } })
          : ask("POST /api/v1/models/{bundle_id}/reject", { path, body: { note } }),
      t(!isApproval ? "model_refused" : may("fleet.change") ? "model_approved" : "model_approved_next"),
    );
  const assign = (ring: string, channel: string) =>
    run(() => ask("POST /api/v1/models/{bundle_id}/assign", { path, body: { ring, channel } }), t("model_assigned", { ring }));

  return (
    <>
      {fault && <p class="fault" role="alert">{fault}</p>}
      {may("models.approve") && model.stage !== "approved" && (
        <Button kind="main" icon="check" onPress={() => setAsked("approve")}>
          {t("approve")}
        </Button>
      )}
      {may("models.approve") && model.stage !== "refused" && (
        <Button kind="danger" onPress={() => setAsked("reject")}>
          {t("refuse")}
        </Button>
      )}
      {may("fleet.change") && model.stage === "approved" && (
        <>
          <Button kind="main" icon="swap" onPress={() => setAsked("rollout")}>
            {t("start_rollout")}
          </Button>
          <Button icon="upload" onPress={() => setAsked("assign")}>
            {t("assign")}
          </Button>
        </>
      )}
      {(asked === "approve" || asked === "reject") && (
        <ConfirmSheet
          title={t(asked === "approve" ? "approve" : "refuse")}
          action={t(asked === "approve" ? "approve" : "refuse")}
          closeLabel={t("cancel")}
          reasonLabel={t("why")}
          isDangerous={asked === "reject"}
          onClose={() => setAsked("")}
          onConfirm={(note) => void decide(asked === "approve", note)}
        >
          <p>{t(`${asked}_hint`)}</p>
        </ConfirmSheet>
      )}
      {asked === "rollout" && <RolloutSheet model={model} onClose={() => setAsked("")} />}
      {asked === "assign" && <AssignSheet onClose={() => setAsked("")} onAssign={(ring, channel) => void assign(ring, channel)} />}
    </>
  );
}

function AssignSheet({ onClose, onAssign }: { onClose: () => void; onAssign: (ring: string, channel: string) => void }) {
  const [ring, setRing] = useState("");
  const [channel, setChannel] = useState("main");
  return (
    <Sheet title={t("assign")} closeLabel={t("close")} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ring.trim()) onAssign(ring.trim(), channel.trim());
        }}
      >
        <p>{t("assign_hint")}</p>
        <div class="pair">
          <TextField label={t("ring")} value={ring} onInput={setRing} autoFocus />
          <TextField label={t("channel")} value={channel} onInput={setChannel} />
        </div>
        <div class="row-end">
          <button type="submit" class="button button-main" aria-disabled={!ring.trim() || undefined}>
            {t("assign")}
          </button>
        </div>
      </form>
    </Sheet>
  );
}

function Approvals({ model }: { model: ModelReply }) {
  return (
    <section class="panel" aria-label={t("decisions")}>
      <div class="panel-head">
        <h2>{t("decisions")}</h2>
      </div>
      {model.approvals.length === 0 && <p class="hint">{t("no_decisions")}</p>}
      <ul class="list">
        {model.approvals.map((one) => (
          <li key={one.at}>
            <Badge tone={one.decision === "approve" ? "good" : "bad"}>{t(`decision_${one.decision}`)}</Badge>
            <span class="grow">
              {one.note}
              <span class="hint block" title={exactly(one.at)}>
                {[one.by, ago(one.at), one.is_single_operator && t("single_operator")].filter(Boolean).join(" · ")}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One step back, leading there where the hub knows it and this person may see it. */
function Origin({ name, id, page }: { name: string; id: string; page: "runs" | "datasets" }) {
  if (!id) return null;
  const isLink = may(`${page}.read`) && /^[0-9a-f]{8,64}$/.test(id);
  return (
    <>
      <dt>{name}</dt>
      <dd class="code" title={id}>
        {isLink ? <a href={`/${page}/${id}`}>{shortId(id)}</a> : shortId(id)}
      </dd>
    </>
  );
}

function Lineage({ model }: { model: ModelReply }) {
  const { run_id: runId, run, dataset, ...others } = model.lineage;
  const [verdict] = model.verdicts;
  const rows = [...Object.entries(others).map(([name, value]) => [name.replaceAll("_", " "), value] as const), [t("embedder"), model.embedder_id], [t("note"), model.note]] as const;
  return (
    <section class="panel" aria-label={t("lineage")}>
      <div class="panel-head">
        <h2>{t("lineage")}</h2>
        <span class="hint">{t("registered_by", { by: model.registered_by })}</span>
      </div>
      <dl class="facts">
        <Origin name={t("why_run")} id={runId ?? run ?? ""} page="runs" />
        <Origin name={t("why_dataset")} id={dataset ?? ""} page="datasets" />
        <dt>{t("gate")}</dt>
        <dd>{verdict ? <a href="#gate">{t(`verdict_${verdict.verdict}`)}</a> : t("not_judged")}</dd>
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
