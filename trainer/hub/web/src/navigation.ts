// THE TABLE of pages: address, name, sign, the permission that shows it, and how it is drawn.

import type { ComponentType } from "preact";
import type { IconName } from "@tillsight/web-shared/icon.tsx";
import { AccountsPage } from "./pages/accounts_page.tsx";
import { AuditPage } from "./pages/audit_page.tsx";
import { BoxPage } from "./pages/box_page.tsx";
import { CataloguePage } from "./pages/catalogue_page.tsx";
import { DatasetPage } from "./pages/dataset_page.tsx";
import { DatasetsPage } from "./pages/datasets_page.tsx";
import { FleetPage } from "./pages/fleet_page.tsx";
import { JobPage } from "./pages/job_page.tsx";
import { JobsPage } from "./pages/jobs_page.tsx";
import { ModelPage } from "./pages/model_page.tsx";
import { ModelsPage } from "./pages/models_page.tsx";
import { MonitoringPage } from "./pages/monitoring_page.tsx";
import { OnboardingPage } from "./pages/onboarding_page.tsx";
import { OverviewPage } from "./pages/overview_page.tsx";
import { ReviewPage } from "./pages/review_page.tsx";
import { RunPage } from "./pages/run_page.tsx";
import { RunsPage } from "./pages/runs_page.tsx";
import { RolloutPage } from "./pages/rollout_page.tsx";
import { RolloutsPage } from "./pages/rollouts_page.tsx";
import { SettingsPage } from "./pages/settings_page.tsx";
import { SkuPage } from "./pages/sku_page.tsx";
import { StorePage } from "./pages/store_page.tsx";
import { StoresPage } from "./pages/stores_page.tsx";
import { WhyPage } from "./pages/why_page.tsx";
import { WizardPage } from "./pages/wizard_page.tsx";

export interface PageRow {
  readonly path: string;
  readonly icon: IconName;
  readonly needs: string;
  readonly page: ComponentType;
  /** Drawn at /path/ID. */
  readonly detail?: ComponentType<{ id: string }>;
  /** Left out of the row at the bottom of a phone; reached from the overview. */
  readonly isSecond?: boolean;
}

export const PAGES: readonly PageRow[] = [
  { path: "overview", icon: "home", needs: "fleet.read", page: OverviewPage },
  { path: "fleet", icon: "box", needs: "fleet.read", page: FleetPage, detail: BoxPage },
  { path: "catalogue", icon: "catalogue", needs: "catalogue.read", page: CataloguePage, detail: SkuPage },
  { path: "review", icon: "review", needs: "cases.answer", page: ReviewPage },
  { path: "onboarding", icon: "camera", needs: "onboarding.change", page: OnboardingPage, detail: WizardPage },
  { path: "models", icon: "model", needs: "models.read", page: ModelsPage, detail: ModelPage, isSecond: true },
  { path: "rollouts", icon: "swap", needs: "fleet.read", page: RolloutsPage, detail: RolloutPage, isSecond: true },
  { path: "monitoring", icon: "pulse", needs: "monitoring.read", page: MonitoringPage, isSecond: true },
  { path: "datasets", icon: "tray", needs: "datasets.read", page: DatasetsPage, detail: DatasetPage, isSecond: true },
  { path: "runs", icon: "pulse", needs: "runs.read", page: RunsPage, detail: RunPage, isSecond: true },
  { path: "jobs", icon: "list", needs: "jobs.read", page: JobsPage, detail: JobPage, isSecond: true },
  { path: "why", icon: "question", needs: "datasets.read", page: WhyPage, isSecond: true },
  { path: "stores", icon: "store", needs: "catalogue.read", page: StoresPage, detail: StorePage, isSecond: true },
  { path: "audit", icon: "history", needs: "audit.read", page: AuditPage, isSecond: true },
  { path: "accounts", icon: "person", needs: "accounts.change", page: AccountsPage, isSecond: true },
  { path: "settings", icon: "settings", needs: "jobs.read", page: SettingsPage, isSecond: true },
];
