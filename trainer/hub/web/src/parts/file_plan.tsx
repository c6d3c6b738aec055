// A file that is shown before it is taken: choosing it, asking the hub what it holds, sending it again.

import { useState } from "preact/hooks";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { faultText } from "../faults.ts";
import { t } from "../texts.ts";

interface Counted {
  readonly num_errors: number;
}

export interface FilePlan<Plan> {
  readonly file: File | null;
  readonly plan: Plan | null;
  readonly fault: string;
  readonly isBusy: boolean;
  readonly run: (file: File, preview: boolean) => Promise<void>;
}

/** `send` asks the hub; `onTaken` hears its answer once a file without errors was taken. */
export function useFilePlan<Plan extends Counted>(
  send: (file: File, preview: boolean) => Promise<Plan>,
  onTaken: (plan: Plan) => void,
): FilePlan<Plan> {
  const [file, setFile] = useState<File | null>(null);
  const [plan, setPlan] = useState<Plan | null>(null);
  const [fault, setFault] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function run(chosen: File, preview: boolean): Promise<void> {
    setFile(chosen);
    setBusy(true);
    setFault("");
    try {
      const reply = await send(chosen, preview);
      if (preview || reply.num_errors) setPlan(reply);
      else onTaken(reply);
    } catch (error) {
      setFault(faultText(error));
    } finally {
      setBusy(false);
    }
  }
  return { file, plan, fault, isBusy, run };
}

export function FileDrop({ file, hint, accept, onChoose }: { file: File | null; hint: string; accept: string; onChoose: (file: File) => void }) {
  return (
    <label class="drop">
      <Icon name="upload" size="2rem" />
      <strong>{file ? file.name : t("choose_file")}</strong>
      <span class="hint">{hint}</span>
      <input
        class="visually-hidden"
        type="file"
        accept={accept}
        onChange={(event) => {
          const [chosen] = event.currentTarget.files ?? [];
          if (chosen) onChoose(chosen);
        }}
      />
    </label>
  );
}
