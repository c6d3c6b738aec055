// THE TABLE of pages: address, name, sign, the permission that shows it, and how it is drawn.

import type { ComponentType } from "preact";
import type { IconName } from "@tillsight/web-shared/icon.tsx";

/** What belongs together in the menu, in this order. */
export const GROUPS = ["shop", "learn", "release", "hub"] as const;
export type Group = (typeof GROUPS)[number];

/** A page's program is fetched when the page is opened; what was fetched once stays. */
export type LoadOf<T> = () => Promise<T>;

export interface PageRow {
  readonly path: string;
  readonly icon: IconName;
  readonly needs: string;
  readonly group: Group;
  readonly page: LoadOf<ComponentType>;
  /** Drawn at /path/ID. */
  readonly detail?: LoadOf<ComponentType<{ id: string }>>;
  /** Left out of the row at the bottom of a phone; reached from the overview. */
  readonly isSecond?: boolean;
}

export const PAGES: readonly PageRow[] = [
  {
    path: "overview", icon: "home", needs: "fleet.read", group: "shop",
    page: () => import("./pages/overview_page.tsx").then((m) => m.OverviewPage),
  },
  {
    path: "fleet", icon: "box", needs: "fleet.read", group: "shop",
    page: () => import("./pages/fleet_page.tsx").then((m) => m.FleetPage),
    detail: () => import("./pages/box_page.tsx").then((m) => m.BoxPage),
  },
  {
    path: "catalogue", icon: "catalogue", needs: "catalogue.read", group: "shop",
    page: () => import("./pages/catalogue_page.tsx").then((m) => m.CataloguePage),
    detail: () => import("./pages/sku_page.tsx").then((m) => m.SkuPage),
  },
  {
    path: "stores", icon: "store", needs: "catalogue.read", group: "shop", isSecond: true,
    page: () => import("./pages/stores_page.tsx").then((m) => m.StoresPage),
    detail: () => import("./pages/store_page.tsx").then((m) => m.StorePage),
  },
  {
    path: "onboarding", icon: "camera", needs: "onboarding.change", group: "shop",
    page: () => import("./pages/onboarding_page.tsx").then((m) => m.OnboardingPage),
    detail: () => import("./pages/wizard_page.tsx").then((m) => m.WizardPage),
  },
  {
    path: "review", icon: "review", needs: "cases.answer", group: "learn",
    page: () => import("./pages/review_page.tsx").then((m) => m.ReviewPage),
  },
  {
    path: "cases", icon: "eye", needs: "cases.read", group: "learn", isSecond: true,
    page: () => import("./pages/cases_page.tsx").then((m) => m.CasesPage),
    detail: () => import("./pages/case_page.tsx").then((m) => m.CasePage),
  },
  {
    path: "datasets", icon: "tray", needs: "datasets.read", group: "learn", isSecond: true,
    page: () => import("./pages/datasets_page.tsx").then((m) => m.DatasetsPage),
    detail: () => import("./pages/dataset_page.tsx").then((m) => m.DatasetPage),
  },
  {
    path: "runs", icon: "play", needs: "runs.read", group: "learn", isSecond: true,
    page: () => import("./pages/runs_page.tsx").then((m) => m.RunsPage),
    detail: () => import("./pages/run_page.tsx").then((m) => m.RunPage),
  },
  {
    path: "jobs", icon: "list", needs: "jobs.read", group: "learn", isSecond: true,
    page: () => import("./pages/jobs_page.tsx").then((m) => m.JobsPage),
    detail: () => import("./pages/job_page.tsx").then((m) => m.JobPage),
  },
  {
    path: "models", icon: "model", needs: "models.read", group: "release", isSecond: true,
    page: () => import("./pages/models_page.tsx").then((m) => m.ModelsPage),
    detail: () => import("./pages/model_page.tsx").then((m) => m.ModelPage),
  },
  {
    path: "rollouts", icon: "swap", needs: "fleet.read", group: "release", isSecond: true,
    page: () => import("./pages/rollouts_page.tsx").then((m) => m.RolloutsPage),
    detail: () => import("./pages/rollout_page.tsx").then((m) => m.RolloutPage),
  },
  {
    path: "monitoring", icon: "pulse", needs: "monitoring.read", group: "release", isSecond: true,
    page: () => import("./pages/monitoring_page.tsx").then((m) => m.MonitoringPage),
  },
  {
    path: "why", icon: "question", needs: "datasets.read", group: "release", isSecond: true,
    page: () => import("./pages/why_page.tsx").then((m) => m.WhyPage),
  },
  {
    path: "audit", icon: "history", needs: "audit.read", group: "hub", isSecond: true,
    page: () => import("./pages/audit_page.tsx").then((m) => m.AuditPage),
  },
  {
    path: "accounts", icon: "person", needs: "accounts.change", group: "hub", isSecond: true,
    page: () => import("./pages/accounts_page.tsx").then((m) => m.AccountsPage),
  },
  {
    path: "settings", icon: "settings", needs: "jobs.read", group: "hub", isSecond: true,
    page: () => import("./pages/settings_page.tsx").then((m) => m.SettingsPage),
  },
];
