// Starts the dashboard: colours first, then who is signed in, then the page.

import { render } from "preact";
import "@tillsight/web-shared/tokens.css";
import "@tillsight/web-shared/base.css";
import "@tillsight/web-shared/parts.css";
import "@tillsight/web-shared/data_parts.css";
import "./styles/runs.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/plots.css";
import "./styles/review.css";
import "./styles/wizard.css";
import { App } from "./app.tsx";
import { applyPreferences } from "./preferences.ts";
import { followLinks } from "./router.ts";
import { findSession } from "./session.ts";

applyPreferences();
followLinks();
void findSession();

const page = document.getElementById("page");
if (page) render(<App />, page);
