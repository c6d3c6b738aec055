// Letting a phone of the staff in: a code to scan or to type, for two minutes and for one phone.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useEffect, useState } from "preact/hooks";
import { tell } from "../live.ts";
import { openSheet, pairing } from "../state.ts";
import { t } from "../texts.ts";
import type { Invitation } from "../wire.ts";

export function HandheldSheet() {
  useEffect(() => {
    pairing.value = undefined;
    tell({ type: "pair_handheld" });
  }, []);
  const state = pairing.value;
  return (
    <Sheet title={t("handheld_title")} closeLabel={t("close")} onClose={() => openSheet({ name: "staff" })}>
      {state?.invitation ? <Code key={state.invitation.code} invitation={state.invitation} /> : <p class="sheet-lead">{t("handheld_none")}</p>}
      <div class="sheet-row">
        <Button icon="refresh" onPress={() => void tell({ type: "pair_handheld" })}>
          {t("handheld_again")}
        </Button>
        <Button kind="danger" icon="trash" onPress={() => void tell({ type: "pair_handheld", forget: true })}>
          {t("handheld_forget")}
        </Button>
      </div>
    </Sheet>
  );
}

function Code({ invitation }: { invitation: Invitation }) {
  const [left, setLeft] = useState(invitation.valid_s);
  useEffect(() => {
    const timer = setInterval(() => setLeft((now) => Math.max(0, now - 1)), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="pairing">
      <Qr rows={invitation.qr} />
      <div class="pairing-words">
        <p>{t("handheld_scan")}</p>
        <p class="pairing-code" dir="ltr">
          {invitation.code.slice(0, 4)} {invitation.code.slice(4)}
        </p>
        <p class="eyebrow" dir="ltr">
          {invitation.url}
        </p>
        <p>{left > 0 ? t("handheld_left", { count: left }) : t("handheld_over")}</p>
        <details>
          <summary>{t("handheld_warning")}</summary>
          <p class="pairing-print" dir="ltr">
            {invitation.fingerprint}
          </p>
        </details>
      </div>
    </div>
  );
}

function Qr({ rows }: { rows: readonly string[] }) {
  const path = rows.map((row, y) => [...row].map((module, x) => (module === "1" ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("");
  return (
    <svg class="qr" viewBox={`0 0 ${rows.length} ${rows.length}`} shape-rendering="crispEdges" role="img" aria-label={t("handheld_scan")}>
      <rect width={rows.length} height={rows.length} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
