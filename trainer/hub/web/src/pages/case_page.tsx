// One case as it was answered: each camera with the boxes somebody drew, answer by answer; made a test case here.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Segmented } from "@tillsight/web-shared/choice.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { CaseReply, LabeledPicture, StoredAnswer } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { shortId } from "../fleet_words.tsx";
import { AuditList } from "../parts/audit_list.tsx";
import { Loaded, Page } from "../parts/page.tsx";
import { StillPicture } from "../parts/still_picture.tsx";
import { useResource } from "../resource.ts";
import { may } from "../session_state.ts";
import { codeText, t } from "../texts.ts";
import { ago, exactly } from "../times.ts";
import { CaseBadge } from "./cases_page.tsx";

export function CasePage({ id }: { id: string }) {
  const path = { case_id: id };
  const found = useResource(id, (stop) => ask("GET /api/v1/cases/{case_id}", { path }, stop));
  const isManager = may("cases.manage");
  const answers = useResource(`answers ${id}`, async (stop) => (isManager ? ask("GET /api/v1/cases/{case_id}/answers", { path }, stop) : []));
  const [chosen, setChosen] = useState("");
  const given = (answers.value ?? []).filter((one) => !one.is_undone);
  const shown = given.find((one) => String(one.answer_id) === chosen) ?? given.at(-1);
  return (
    <Page title={id} back={{ href: "/cases", label: t("nav_cases") }} note={found.value && <Facts of={found.value} />} actions={isManager && shown && <Gold caseId={id} answer={shown} />}>
      {given.length > 1 && (
        <Segmented
          label={t("answers")}
          value={String(shown?.answer_id ?? "")}
          options={given.map((one) => ({ value: String(one.answer_id), label: t("answer_of", { by: one.reviewer, ago: ago(one.at) }) }))}
          onChoose={setChosen}
        />
      )}
      <Loaded from={found}>
        {(value) => (
          <>
            <p class="hint">{shown ? t("answer_told", { by: shown.reviewer, at: exactly(shown.at), seconds: shown.seconds }) : t("answer_none")}</p>
            <div class="case-stills">
              {value.pictures.map((picture) => (
                <StillPicture key={picture.camera_id} picture={picture} boxes={boxesOf(shown?.pictures, picture)} />
              ))}
            </div>
          </>
        )}
      </Loaded>
      {may("audit.read") && <AuditList subject={`case:${id}`} title={t("history")} />}
    </Page>
  );
}

function Facts({ of }: { of: CaseReply }) {
  return (
    <span class="row">
      <CaseBadge status={of.status} />
      <span>{[codeText("case", of.reason), of.store_id, of.lane_id, ago(of.created_at)].filter(Boolean).join(" · ")}</span>
      <a href={`/fleet/${encodeURIComponent(of.box_id)}`}>{of.box_id}</a>
      {of.bundle_id && may("models.read") && (
        <a class="code" href={`/models/${of.bundle_id}`}>
          {shortId(of.bundle_id)}
        </a>
      )}
      {of.basket_id && may("datasets.read") && <a href={`/why?basket=${encodeURIComponent(of.basket_id)}&line=1`}>{t("nav_why")}</a>}
    </span>
  );
}

/** What this answer is worth as a truth that others are measured by. */
function Gold({ caseId, answer }: { caseId: string; answer: StoredAnswer }) {
  const path = { case_id: caseId };
  async function set(isGold: boolean): Promise<void> {
    try {
      if (isGold) await ask("PUT /api/v1/cases/{case_id}/gold", { path, body: { pictures: answer.pictures } });
      else await ask("DELETE /api/v1/cases/{case_id}/gold", { path });
      tell(t(isGold ? "gold_is_set" : "gold_is_dropped"), { label: t("undo"), run: () => void set(!isGold) });
    } catch (error) {
      tell(faultText(error));
    }
  }
  return (
    <>
      <Button icon="check" onPress={() => void set(true)}>
        {t("gold_set")}
      </Button>
      <Button kind="quiet" onPress={() => void set(false)}>
        {t("gold_drop")}
      </Button>
    </>
  );
}

type Picture = CaseReply["pictures"][number];

/** The boxes of an answer; before anybody answered, the proposals. */
function boxesOf(answered: readonly LabeledPicture[] | undefined, picture: Picture) {
  const said = answered?.find((one) => one.camera_id === picture.camera_id);
  if (said) return said.boxes.map((box) => ({ id: box.item_id, xyxy: box.xyxy, kind: box.kind, name: box.sku_id || codeText("kind", box.kind) }));
  return picture.items.map((item) => ({ id: item.item_id, xyxy: item.xyxy, kind: "open", name: item.candidates[0]?.name ?? "" }));
}
