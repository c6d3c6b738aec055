// Starts the kiosk page.

import "@tillsight/web-shared/tokens.css";
import "@tillsight/web-shared/base.css";
import "@tillsight/web-shared/parts.css";
import "./styles/layout.css";
import "./styles/counter.css";
import "./styles/basket.css";
import "./styles/sheets.css";
import "./styles/desk.css";
import "./styles/receipt.css";
import { render } from "preact";
import { callForAgeChecks } from "./age_call.ts";
import { App } from "./app.tsx";
import { onAcknowledge } from "./frames.ts";
import { watchForIdle } from "./idle.ts";
import { connect, tell } from "./live.ts";
import { applyPreferences } from "./preferences.ts";
import { listenToScanner } from "./scanner.ts";
import { announceChanges } from "./speech.ts";

applyPreferences();
onAcknowledge(({ camera_id, sequence }) => tell({ type: "drawn", camera_id, sequence }));
connect();
listenToScanner();
watchForIdle();
announceChanges();
callForAgeChecks();

const page = document.getElementById("page");
if (page) {
  page.replaceChildren(); // the first picture, from index.html
  render(<App />, page);
}

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js").catch((error: unknown) => {
    console.warn("the page will not open while the server is away", error);
  });
}
