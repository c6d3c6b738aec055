// Makes a trigger: conditions that vote, a cool-down, a cost cap. Its push secret is told once.

import { useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { ask } from "../api.ts";
import type { NewTriggerReply } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { t } from "../texts.ts";
import { conditionText, weekdayName, type Condition } from "../trigger_words.ts";
import { SecretShown } from "./secret_shown.tsx";

const KINDS = ["labels", "drift", "accuracy", "catalogue", "calendar"] as const;
const DAYS = ["", "0", "1", "2", "3", "4", "5", "6"] as const;
type Kind = (typeof KINDS)[number];

export function TriggerSheet({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [conditions, setConditions] = useState<readonly Condition[]>([]);
  const [votes, setVotes] = useState("1");
  const [coolDown, setCoolDown] = useState("24");
  const [cost, setCost] = useState("0");
  const [cap, setCap] = useState("0");
  const [made, setMade] = useState<NewTriggerReply | null>(null);
  const [fault, setFault] = useState("");

  async function make(event: Event): Promise<void> {
    event.preventDefault();
    const plan = { conditions, votes: Number(votes), cool_down_h: Number(coolDown), cost: Number(cost), max_cost_30d: Number(cap) };
    try {
      setMade(await ask("POST /api/v1/triggers", { body: { name: name.trim(), plan } }));
    } catch (error) {
      setFault(faultText(error));
    }
  }

  return (
    <Sheet title={t("new_trigger")} closeLabel={t("close")} onClose={onClose}>
      {made ? (
        <SecretShown secret={made.push_secret} hint={t("push_secret_hint", { path: made.push_path })} onClose={onClose} />
      ) : (
        <form class="stack" onSubmit={make}>
          <TextField label={t("name")} value={name} onInput={setName} hint={t("trigger_name_hint")} autoFocus />
          {conditions.length > 0 && (
            <ul class="list">
              {conditions.map((one, i) => (
                <li key={i}>
                  <span class="grow">{conditionText(one)}</span>
                  <Button kind="quiet" icon="trash" label={`${t("drop_condition")}: ${conditionText(one)}`} onPress={() => setConditions(conditions.filter((_, j) => j !== i))}>
                    {t("drop_condition")}
                  </Button>
                </li>
              ))}
            </ul>
          )}
          <ConditionForm onAdd={(one) => setConditions([...conditions, one])} />
          <div class="pair">
            <TextField label={t("votes")} type="number" value={votes} onInput={setVotes} hint={t("votes_hint")} />
            <TextField label={t("cool_down")} type="number" value={coolDown} onInput={setCoolDown} />
            <TextField label={t("cost")} type="number" value={cost} onInput={setCost} hint={t("cost_hint")} />
            <TextField label={t("cost_cap")} type="number" value={cap} onInput={setCap} hint={t("cost_cap_hint")} />
          </div>
          {fault && <p class="fault" role="alert">{fault}</p>}
          <div class="row-end">
            <button type="submit" class="button button-main" aria-disabled={!name.trim() || undefined}>
              {t("make_trigger")}
            </button>
          </div>
        </form>
      )}
    </Sheet>
  );
}

function ConditionForm({ onAdd }: { onAdd: (one: Condition) => void }) {
  const [kind, setKind] = useState<Kind>("labels");
  const [value, setValue] = useState("200");
  const [per, setPer] = useState("all");
  const [day, setDay] = useState("");
  const needsNumber = kind !== "drift";
  return (
    <fieldset class="plain stack">
      <legend class="visually-hidden">{t("add_condition")}</legend>
      <div class="pair">
        <Select label={t("condition")} value={kind} options={KINDS.map((one) => ({ value: one, label: t(`kind_of_${one}`) }))} onChoose={(one) => setKind(one as Kind)} />
        {needsNumber && <TextField label={t(`value_of_${kind}`)} type="number" value={value} onInput={setValue} />}
        {kind === "labels" && (
          <Select label={t("counted")} value={per} options={["all", "sku", "store", "pair"].map((one) => ({ value: one, label: t(`per_${one}`) }))} onChoose={setPer} />
        )}
        {kind === "calendar" && (
          <Select label={t("day")} value={day} options={DAYS.map((one) => ({ value: one, label: one ? weekdayName(Number(one)) : t("every_day") }))} onChoose={setDay} />
        )}
      </div>
      <div>
        <Button icon="add" onPress={() => onAdd(conditionOf(kind, Number(value), per, day))}>
          {t("add_condition")}
        </Button>
      </div>
    </fieldset>
  );
}

function conditionOf(kind: Kind, value: number, per: string, day: string): Condition {
  if (kind === "labels") return { kind, per: per as "all" | "sku" | "store" | "pair", at_least: value };
  if (kind === "catalogue") return { kind, at_least: value };
  if (kind === "accuracy") return { kind, below: value / 100 };
  if (kind === "calendar") return { kind, hour: value, weekday: day ? Number(day) : null };
  return { kind };
}
