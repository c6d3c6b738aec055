// A new version: which pictures, what is held out, which rules; looked at in portions, then made.

import { useRef, useState } from "preact/hooks";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Select } from "@tillsight/web-shared/choice.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { TextField } from "@tillsight/web-shared/text_field.tsx";
import { tell } from "@tillsight/web-shared/toaster.tsx";
import { ask } from "../api.ts";
import type { CreateRequest } from "../api_types.ts";
import { faultText } from "../faults.ts";
import { useResource } from "../resource.ts";
import { numberText } from "../run_words.tsx";
import { t } from "../texts.ts";
import { Waiting } from "./page.tsx";

const PORTION = 100; // pictures looked at within one request, about a second
const RULES = {
  min_sharpness: "100", min_brightness: "25", max_brightness: "248", min_side_px: "64", min_box_px: "8",
  min_pictures_per_sku: "2", near_duplicate_bits: "8",
} as const;
type Rule = keyof typeof RULES;
const GROUPS = ["day", "basket", "store"] as const;

export function SnapshotSheet({ onClose, onMade }: { onClose: () => void; onMade: (version: string) => void }) {
  const [name, setName] = useState("shop");
  const [note, setNote] = useState("");
  const [stores, setStores] = useState<readonly string[]>([]);
  const [since, setSince] = useState("");
  const [until, setUntil] = useState("");
  const [withWeak, setWeak] = useState(false);
  const [withOnboarding, setOnboarding] = useState(true);
  const [by, setBy] = useState<string>("day");
  const [held, setHeld] = useState({ validation: "10", test: "10", seed: "1" });
  const [rules, setRules] = useState<Readonly<Record<Rule, string>>>(RULES);
  const [looked, setLooked] = useState<number | undefined>(undefined);
  const [fault, setFault] = useState("");
  const stop = useRef(false);
  const known = useResource("stores", (signal) => ask("GET /api/v1/stores", {}, signal));
  const isBusy = looked !== undefined;

  async function make(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy || !name.trim()) return;
    const filter = { store_ids: stores, since: since || null, until: until || null, with_weak: withWeak, with_onboarding: withOnboarding };
    setFault("");
    stop.current = false;
    try {
      for (let count = 0, isMore = true; isMore && !stop.current; ) {
        setLooked(count);
        const { num_measured, num_missing } = await ask("POST /api/v1/datasets/measure", { body: { ...filter, limit: PORTION } });
        count += num_measured;
        isMore = num_measured > num_missing;
      }
      if (stop.current) return;
      const body = {
        ...filter, name: name.trim(), note, rules: numbers(rules),
        split: { by, validation_percent: Number(held.validation), test_percent: Number(held.test), seed: Number(held.seed) },
      } as CreateRequest;
      const made = await ask("POST /api/v1/datasets", { body });
      tell(t("set_made", { name: made.name, count: numberText(made.counts["items"] ?? 0) }));
      onMade(made.version_id);
    } catch (error) {
      setFault(faultText(error));
    } finally {
      setLooked(undefined);
    }
  }
  function close(): void {
    stop.current = true;
    onClose();
  }
  return (
    <Sheet title={t("set_new")} closeLabel={t("close")} onClose={close} size="large">
      <form class="stack" onSubmit={(event) => void make(event)}>
        <p class="hint">{t("set_new_hint")}</p>
        <div class="pair">
          <TextField label={t("run_name")} value={name} onInput={setName} autoFocus required />
          <TextField label={t("run_note")} value={note} onInput={setNote} placeholder={t("optional")} />
          <TextField label={t("set_since")} value={since} onInput={setSince} type="date" />
          <TextField label={t("set_until")} value={until} onInput={setUntil} type="date" />
        </div>
        <fieldset class="plain">
          <legend class="hint">{t("set_from_stores")}</legend>
          <div class="roles">
            {(known.value ?? []).map(({ store_id, name: title }) => (
              <label key={store_id} class="yes">
                <input
                  type="checkbox"
                  checked={stores.includes(store_id)}
                  onChange={() => setStores(stores.includes(store_id) ? stores.filter((one) => one !== store_id) : [...stores, store_id])}
                />
                {title || store_id}
              </label>
            ))}
          </div>
        </fieldset>
        <div>
          <label class="yes">
            <input type="checkbox" checked={withOnboarding} onChange={(event) => setOnboarding(event.currentTarget.checked)} />
            {t("set_with_onboarding")}
          </label>
          <label class="yes">
            <input type="checkbox" checked={withWeak} onChange={(event) => setWeak(event.currentTarget.checked)} />
            {t("set_with_weak")}
          </label>
        </div>
        <div class="pair">
          <Select label={t("set_by")} value={by} options={GROUPS.map((value) => ({ value, label: t(`set_by_${value}`) }))} onChoose={setBy} />
          {(["validation", "test", "seed"] as const).map((key) => (
            <TextField key={key} label={t(`set_held_${key}`)} value={held[key]} type="number" onInput={(text) => setHeld({ ...held, [key]: text })} />
          ))}
        </div>
        <details>
          <summary>{t("set_rules")}</summary>
          <div class="pair">
            {(Object.keys(RULES) as Rule[]).map((key) => (
              <TextField key={key} label={t(`set_rule_${key}`)} value={rules[key]} type="number" onInput={(text) => setRules({ ...rules, [key]: text })} />
            ))}
          </div>
        </details>
        {fault && <Banner tone="serious" title={t("set_not_made")}><p>{fault}</p></Banner>}
        {isBusy && (
          <div class="stack" role="status">
            <p>{t("set_looked", { count: numberText(looked ?? 0) })}</p>
            <Waiting lines={1} />
          </div>
        )}
        <div class="row-end">
          <Button kind="quiet" onPress={close}>
            {t("cancel")}
          </Button>
          <button type="submit" class="button button-main" aria-disabled={isBusy || !name.trim() || undefined}>
            {t("set_make")}
          </button>
        </div>
      </form>
    </Sheet>
  );
}

function numbers(values: Readonly<Record<Rule, string>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value)]));
}
