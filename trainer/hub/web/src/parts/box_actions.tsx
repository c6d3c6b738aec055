// What an operator may ask of a box. The dangerous ones ask for its name.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { ConfirmSheet } from "@tillsight/web-shared/confirm_sheet.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { BoxLine, CommandRequest } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { t } from "../texts.ts";
import { CodeShown } from "./claim_code_sheet.tsx";

type Command = CommandRequest["kind"];
type Asked = "" | "restart" | "rollback" | "revoke" | "readmit" | "replace" | "more";

interface Props {
  box: BoxLine;
  onDone: () => void;
}

export function BoxActions({ box, onDone }: Props) {
  const [asked, setAsked] = useState<Asked>("");
  const [code, setCode] = useState("");
  const path = { box_id: box.box_id };
  const close = () => setAsked("");

  async function run(work: () => Promise<unknown>, done: string): Promise<void> {
    setAsked("");
    try {
      await work();
      tell(done);
      onDone();
    } catch (error) {
      tell(faultText(error));
    }
  }
  const send = (kind: Command) =>
    run(() => ask("POST /v1/operator/boxes/{box_id}/commands", { path, body: { kind } }), t("command_sent", { box: box.box_id }));
  const setStatus = (status: "enrolled" | "revoked", reason: string) =>
    run(
      () => ask("POST /v1/operator/boxes/{box_id}/status", { path, body: { status, reason } }),
      t(status === "revoked" ? "box_revoked" : "box_back", { box: box.box_id }),
    );
  const replace = () =>
    run(async () => {
      const reply = await ask("POST /v1/operator/boxes/{box_id}/replace", { path });
      setCode(reply["claim_code"] ?? "");
    }, t("box_replaced", { box: box.box_id }));

  return (
    <>
      {box.status === "enrolled" && (
        <>
          <Button icon="log" onPress={() => void send("logs")}>
            {t("command_logs")}
          </Button>
          <Button icon="refresh" onPress={() => setAsked("restart")}>
            {t("command_restart")}
          </Button>
        </>
      )}
      {(box.status === "quarantined" || box.status === "revoked") && (
        <Button kind="main" onPress={() => setAsked("readmit")}>
          {t("readmit")}
        </Button>
      )}
      {box.status !== "pending" && (
        <Button icon="settings" onPress={() => setAsked("more")}>
          {t("more")}
        </Button>
      )}
      {asked === "more" && <MoreSheet box={box} onClose={close} onAsk={setAsked} onSend={send} />}
      {asked === "restart" && (
        <ConfirmSheet title={t("restart_title", { box: box.box_id })} action={t("command_restart")} closeLabel={t("cancel")} onClose={close} onConfirm={() => void send("restart")}>
          <p>{t("restart_hint")}</p>
        </ConfirmSheet>
      )}
      {asked === "rollback" && (
        <NamedConfirm box={box} title={t("command_rollback")} hint={t("rollback_hint")} onClose={close} onConfirm={() => void send("rollback")} />
      )}
      {asked === "revoke" && (
        <NamedConfirm box={box} title={t("revoke")} hint={t("revoke_hint")} withReason onClose={close} onConfirm={(reason) => void setStatus("revoked", reason)} />
      )}
      {asked === "readmit" && (
        <NamedConfirm box={box} title={t("readmit")} hint={t("readmit_hint")} withReason isCalm onClose={close} onConfirm={(reason) => void setStatus("enrolled", reason)} />
      )}
      {asked === "replace" && (
        <NamedConfirm box={box} title={t("replace")} hint={t("replace_hint")} onClose={close} onConfirm={() => void replace()} />
      )}
      {code && (
        <Sheet title={t("replace")} closeLabel={t("close")} onClose={() => setCode("")}>
          <CodeShown code={code} onClose={() => setCode("")} />
        </Sheet>
      )}
    </>
  );
}

interface MoreProps {
  box: BoxLine;
  onClose: () => void;
  onAsk: (asked: Asked) => void;
  onSend: (kind: Command) => Promise<void>;
}

function MoreSheet({ box, onClose, onAsk, onSend }: MoreProps) {
  const isHere = box.status === "enrolled";
  return (
    <Sheet title={box.box_id} closeLabel={t("close")} onClose={onClose}>
      <ul class="list">
        {isHere && <Choice title={t("command_support_bundle")} hint={t("support_hint")} onPress={() => void onSend("support_bundle")} />}
        {isHere && <Choice title={t("command_drop_candidate")} hint={t("drop_hint")} onPress={() => void onSend("drop_candidate")} />}
        {isHere && <Choice title={t("command_rollback")} hint={t("rollback_hint")} onPress={() => onAsk("rollback")} isDangerous />}
        <Choice title={t("replace")} hint={t("replace_hint")} onPress={() => onAsk("replace")} isDangerous />
        {isHere && <Choice title={t("revoke")} hint={t("revoke_hint")} onPress={() => onAsk("revoke")} isDangerous />}
      </ul>
    </Sheet>
  );
}

function Choice(props: { title: string; hint: string; onPress: () => void; isDangerous?: boolean }) {
  return (
    <li>
      <span class="grow">
        <strong>{props.title}</strong>
        <span class="hint block">{props.hint}</span>
      </span>
      <Button kind={props.isDangerous ? "danger" : "plain"} onPress={props.onPress} label={props.title}>
        {t("choose")}
      </Button>
    </li>
  );
}

interface NamedProps {
  box: BoxLine;
  title: string;
  hint: string;
  withReason?: boolean;
  isCalm?: boolean;
  onClose: () => void;
  onConfirm: (reason: string) => void;
}

function NamedConfirm({ box, title, hint, withReason, isCalm, onClose, onConfirm }: NamedProps) {
  return (
    <ConfirmSheet
      title={`${title}: ${box.box_id}`}
      action={title}
      closeLabel={t("cancel")}
      name={box.box_id}
      nameLabel={t("type_name", { name: box.box_id })}
      {...(withReason ? { reasonLabel: t("why") } : {})}
      isDangerous={!isCalm}
      onClose={onClose}
      onConfirm={onConfirm}
    >
      <p>{hint}</p>
    </ConfirmSheet>
  );
}
