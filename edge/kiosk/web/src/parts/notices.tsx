// Calm rows that say what is wrong and what to do next. The most important one first, two at most.

import { Icon, type IconName } from "@tillsight/web-shared/icon.tsx";
import { useEffect, useState } from "preact/hooks";
import { basket, calledForAge, connection, hello, screen, status } from "../state.ts";
import { codeText, t } from "../texts.ts";

interface Notice {
  readonly code: string;
  readonly icon: IconName;
  readonly kind: "" | "banner-calm" | "banner-serious";
  readonly title: string;
  readonly text: string;
}

const MAX_SHOWN = 2;
const SETTLE_MS = 1_500; // a hand or a flicker must not accuse anybody of having moved something
const SLOW = new Set(["counter.changed"]);
const QUIET = new Set(["left_behind", "suspended", "refused", "paid"]); // they say what to do themselves
const CALM = new Set(["hub.offline", "bundle.swapping", "model.loading", "help.called", "item.left_out"]);
const ELSEWHERE = new Set(["journal.unwritable", "age.check", "payment.unclear", "basket.walk_away_soon"]);
const ICONS: Readonly<Record<string, IconName>> = {
  "camera.lost": "camera_off",
  "camera.covered": "camera_off",
  "camera.dark": "camera_off",
  "camera.moved": "camera_off",
  "perception.unavailable": "refresh",
  "scanner.mode": "barcode",
  "item.left_behind": "basket",
  "camera.blurred": "camera_off",
  "counter.changed": "warning",
  "item.left_out": "basket",
  "hub.offline": "wifi_off",
  "model.loading": "refresh",
  "bundle.swapping": "refresh",
  "help.called": "person",
  "weight.mismatch": "warning",
};

export function Notices() {
  const [, drawAgain] = useState(0);
  const waiting = slowCodes().find((code) => !hasLasted(code));
  useEffect(() => {
    if (!waiting) return undefined;
    const timer = setTimeout(() => drawAgain((count) => count + 1), SETTLE_MS + 20);
    return () => clearTimeout(timer);
  }, [waiting]);
  const shown = notices().slice(0, MAX_SHOWN);
  return (
    <div class="notices" role="status">
      {shown.map((notice) => (
        <div key={notice.code} class={`banner ${notice.kind}`} data-notice={notice.code}>
          {notice.code === "reconnecting" ? <span class="spinner" /> : <Icon name={notice.icon} size="1.9em" />}
          <p>
            <strong>{notice.title}</strong>
            {notice.text}
          </p>
        </div>
      ))}
    </div>
  );
}

function notices(): readonly Notice[] {
  const found: Notice[] = [];
  if (connection.value !== "live" && (hello.value || basket.value)) {
    found.push(notice("reconnecting", "wifi_off", "banner-calm", t("reconnecting"), t("reconnecting_text")));
  }
  const snapshot = basket.value;
  if (QUIET.has(screen.value)) return found;
  if (snapshot?.is_blind && screen.value === "shopping") {
    const text = snapshot.lines.length > 0 ? t("blind_text") : t("blind_empty_text");
    found.push(notice("blind", "camera_off", "", t("blind_title"), text));
  }
  for (const code of codes()) {
    if (snapshot?.is_blind && !CALM.has(code)) continue; // one reason, one next step
    const title = codeText("notice", code);
    const kind = CALM.has(code) ? "banner-calm" : "";
    found.push(notice(code, ICONS[code] ?? "info", kind, title, codeText("notice", code, "_text")));
  }
  return found;
}

function codes(): readonly string[] {
  const all = [...(basket.value?.notices ?? []), ...(status.value?.notices ?? [])];
  const isAgeCall = calledForAge.value !== "" && calledForAge.value === basket.value?.basket_id;
  const known = [...new Set(all)].filter((code) => !ELSEWHERE.has(code) && !(code === "help.called" && isAgeCall));
  return known.filter((code) => !SLOW.has(code) || hasLasted(code));
}

const firstHeard = new Map<string, number>();

/** Notices that wait before they are shown; what is no longer said is forgotten. */
function slowCodes(): readonly string[] {
  const said = (basket.value?.notices ?? []).filter((code) => SLOW.has(code));
  for (const code of SLOW) if (!said.includes(code)) firstHeard.delete(code);
  for (const code of said) if (!firstHeard.has(code)) firstHeard.set(code, performance.now());
  return said;
}

function hasLasted(code: string): boolean {
  return performance.now() - (firstHeard.get(code) ?? Infinity) >= SETTLE_MS;
}

function notice(code: string, icon: IconName, kind: Notice["kind"], title: string, text: string): Notice {
  return { code, icon, kind, title, text };
}
