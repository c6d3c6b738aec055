// What people's half of the hub takes and answers. Generated from OpenAPI by
// `python -m tools.checks.api_types`; do not edit.

/** The six words as the person read them on the box's screen. */
export interface AcceptRequest {
  readonly fingerprint_words: string;
  readonly store_id?: string | null;
  readonly ring?: string;
}

/** What is given is changed. */
export interface AccountChange {
  readonly display_name?: string | null;
  readonly roles?: readonly (Role)[] | null;
  readonly is_active?: boolean | null;
}

/** One account. */
export interface AccountReply {
  readonly name: string;
  readonly display_name: string;
  readonly roles: readonly (Role)[];
  readonly is_active: boolean;
  readonly created_at: string;
  readonly last_login_at: string | null;
}

/** A new account. */
export interface AccountRequest {
  readonly name: string;
  readonly display_name?: string;
  readonly roles: readonly (Role)[];
  readonly password: string;
}

/** The expected accuracy of a store, or of any, is below. */
export interface AccuracyCondition {
  readonly kind?: "accuracy";
  readonly below: number;
  readonly store_id?: string;
}

/** Expected accuracy of the best guess; `is_checked` where 30 reviewed items stand behind it. */
export interface AccuracyReply {
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
  readonly num_items: number;
  readonly num_reviewed: number;
  readonly is_checked: boolean;
}

/** A page of alerts. */
export interface AlertPage {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly (AlertReply)[];
}

/** One alert. */
export interface AlertReply {
  readonly alert_id: number;
  readonly kind: string;
  readonly place: string;
  readonly state: "open" | "acknowledged" | "closed";
  readonly title: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly opened_at: string;
  readonly changed_at: string;
  readonly changed_by: string;
  readonly note: string;
}

/** What became of a case. */
export interface AnswerReply {
  readonly answer_id: number;
  readonly status: string;
  readonly num_disagreements: number;
  readonly gold: GoldResult | null;
}

/** What a person says about a case, and how long they looked. */
export interface AnswerRequest {
  readonly pictures: readonly (LabeledPicture)[];
  readonly seconds: number;
}

/** What a person decided. */
export interface ApprovalReply {
  readonly decision: "approve" | "reject";
  readonly note: string;
  readonly is_single_operator: boolean;
  readonly mode: "automatic" | "veto" | "manual";
  readonly verdict_id: number | null;
  readonly by: string;
  readonly at: string;
}

/** What a portion of an archive would do, or did. */
export interface ArchiveReply {
  readonly is_preview: boolean;
  readonly num_photos: number;
  readonly taken: readonly (string)[];
  readonly has_one: readonly (string)[];
  readonly unknown: readonly (string)[];
  readonly refused: readonly (RefusedPhoto)[];
  readonly next: number | null;
}

/** The signed assignment. */
export interface AssignReply {
  readonly ring: string;
  readonly bundle_id: string;
  readonly generation: number;
}

/** Which ring runs it, and whose prices and new SKUs the ring follows. */
export interface AssignRequest {
  readonly ring: string;
  readonly channel?: string;
}

/** How to make it; `is_portable`: tables as JSON, loads into PostgreSQL too. */
export interface BackupRequest {
  readonly is_portable?: boolean;
}

/** A snapshot that is complete, by what it says of itself. */
export interface BackupRow {
  readonly name: string;
  readonly created_at: string;
  readonly database: string;
  readonly num_files: number;
  readonly num_blobs: number;
  readonly num_missing: number;
}

/** Every snapshot, the newest first; a hundred at most. */
export interface BackupsReply {
  readonly folder: string;
  readonly task: TaskReply;
  readonly items: readonly (BackupRow)[];
}

/** An SKU of the catalogue that the galleries do not know. */
export interface BeginRequest {
  readonly sku_id: string;
}

/** One recording for the gate worker. */
export interface BlindItemReply {
  readonly recording_id: string;
  readonly cluster: string;
  readonly truth: Readonly<Record<string, number>>;
}

/** A version and what is left of it. */
export interface BlindSetReply {
  readonly blind_set_id: string;
  readonly version: number;
  readonly num_recordings: number;
  readonly budget: number;
  readonly looks_used: number;
  readonly note: string;
  readonly created_by: string;
  readonly created_at: string;
}

/** A new version. */
export interface BlindSetRequest {
  readonly recordings?: Readonly<Record<string, Readonly<Record<string, number>> | null>> | null;
  readonly budget?: number;
  readonly note: string;
}

/** One line of the fleet. */
export interface BoxLine {
  readonly box_id: string;
  readonly status: string;
  readonly status_reason: string;
  readonly store_id: string;
  readonly ring: string;
  readonly seen_at: string;
  readonly is_silent: boolean;
  readonly verdict: string;
  readonly edge_version: string;
  readonly bundle: string;
  readonly fingerprint_words: string;
}

/** A page of the fleet. */
export interface BoxLines {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly (BoxLine)[];
}

/** A page of boxes. */
export interface BoxProgressPage {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly (BoxProgressReply)[];
}

/** One box and the release. */
export interface BoxProgressReply {
  readonly box_id: string;
  readonly store_id: string;
  readonly ring: string;
  readonly step: string;
  readonly is_silent: boolean;
  readonly reason: string;
  readonly policy: string;
  readonly seen_at: string | null;
  readonly swapped_at: string | null;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  readonly num_open: number;
  readonly log_e_worse: number;
  readonly log_e_no_worse: number;
  readonly baskets: number;
  readonly troubled: number;
  readonly drills: Readonly<Record<string, string>>;
}

/** One box with everything it told in its last check-in. */
export interface BoxReply {
  readonly box: BoxLine;
  readonly enrolled_at: string | null;
  readonly created_at: string;
  readonly reasons: readonly (string)[];
  readonly generation: number;
  readonly bundles: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, number>>;
  readonly cameras: readonly (CameraLine)[];
  readonly quarantined: readonly (string)[];
  readonly commands: readonly (CommandLine)[];
}

/** One file of a bundle; `target` says on which hardware it is used. */
export interface BundleFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly role: "detector" | "embedder" | "whitening" | "gallery" | "thresholds" | "catalog" | "prices" | "picture" | "golden" | "model_card" | "verdict" | "child" | "child_network";
  readonly target?: "any" | "cpu" | "gpu";
}

/** What a bundle holds and what it needs. */
export interface BundleManifest {
  readonly format?: 1;
  readonly name: string;
  readonly version: string;
  readonly created: string;
  readonly generation?: number;
  readonly min_edge?: string;
  readonly embedder_id: string;
  readonly embedding_dim: number;
  readonly preprocess: Preprocess;
  readonly files: readonly (BundleFile)[];
}

/** Margins for one bundle, in nats; `own_...` are the bundle's (null: not at this hub). */
export interface BundleMarginsReply {
  readonly bundle_id: string;
  readonly state: "waiting" | "doubled" | "proven";
  readonly is_signed: boolean;
  readonly accept_margin: number;
  readonly family_margin: number;
  readonly own_accept_margin: number | null;
  readonly own_family_margin: number | null;
  readonly num_labels: number;
  readonly num_charged: number;
  readonly num_wrong: number;
  readonly wrong_share_bound: number;
  readonly num_reviewed: number;
  readonly num_barcode: number;
  readonly num_shopper: number;
  readonly num_contested: number;
  readonly num_waiting: number;
  readonly num_unclear: number;
  readonly computed_at: string;
}

/** Every day, or every week, at an hour (UTC); what was missed while the hub was off, once. */
export interface CalendarCondition {
  readonly kind?: "calendar";
  readonly weekday?: number | null;
  readonly hour: number;
}

/** A camera as its box sees it. */
export interface CameraLine {
  readonly camera: string;
  readonly state?: string;
  readonly reason?: string;
  readonly quality?: number | null;
  readonly fps?: number | null;
  readonly has_picture?: boolean;
  readonly picture_at?: string | null;
}

/** One camera with one bundle over `window_s`; an item counts once per camera, when it leaves. */
export interface CameraRecognition {
  readonly camera: string;
  readonly bundle_id: string;
  readonly window_s: number;
  readonly num_items?: number;
  readonly confidence?: readonly (number)[];
  readonly similarity?: readonly (number)[];
  readonly best?: Readonly<Record<string, number>>;
  readonly num_sketched?: number;
  readonly features?: readonly (number)[];
}

/** One camera over the window. */
export interface CameraReport {
  readonly camera: string;
  readonly state: string;
  readonly quality: string;
  readonly conditions?: readonly (string)[];
  readonly fps_tenths?: number;
}

/** One of the best guesses; `picture_url` is empty where the catalogue has no picture. */
export interface CandidateReply {
  readonly sku_id: string;
  readonly name: string;
  readonly per_mille: number;
  readonly picture_url: string;
}

/** What a round did. */
export interface CareReply {
  readonly num_rows: number;
  readonly num_places: number;
  readonly num_fired: number;
  readonly num_told: number;
}

/** A page of cases. */
export interface CasePage {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly (CaseRow)[];
}

/** A case to look at. */
export interface CaseReply {
  readonly case_id: string;
  readonly store_id: string;
  readonly box_id: string;
  readonly reason: string;
  readonly value: number;
  readonly status: string;
  readonly created_at: string;
  readonly num_answers: number;
  readonly lane_id: string;
  readonly basket_id: string;
  readonly bundle_id: string;
  readonly pictures: readonly (PictureReply)[];
}

/** One line of the list. */
export interface CaseRow {
  readonly case_id: string;
  readonly store_id: string;
  readonly box_id: string;
  readonly reason: string;
  readonly value: number;
  readonly status: string;
  readonly created_at: string;
  readonly num_answers: number;
}

/** So many SKUs are new or changed. */
export interface CatalogueCondition {
  readonly kind?: "catalogue";
  readonly at_least: number;
}

/** An SKU as a person writes it; sizes are bounded and unknown fields are mistakes. */
export interface CatalogueSku {
  readonly sku_id: string;
  readonly gtin?: string;
  readonly plu?: string | null;
  readonly names: Readonly<Record<string, string>>;
  readonly unit?: "each" | "kg";
  readonly category_path?: readonly (string)[];
  readonly family?: string | null;
  readonly expected_weight_g?: number | null;
  readonly weight_tolerance_g?: number;
  readonly tare_g?: number;
  readonly size_cm?: readonly [number, number, number] | null;
  readonly age_limit?: number | null;
  readonly allergens?: readonly (string)[];
  readonly deposit_minor?: number;
  readonly tax_class?: string;
  readonly picture?: null;
  readonly valid_from?: string | null;
  readonly valid_until?: string | null;
}

/** A category and how many SKUs are exactly there. */
export interface CategoryReply {
  readonly path: string;
  readonly num_skus: number;
}

/** What would become of one SKU: field -> before and after. */
export interface ChangeReply {
  readonly sku_id: string;
  readonly kind: "created" | "changed";
  readonly fields: Readonly<Record<string, readonly [string, string]>>;
}

/** A picture that both versions have and that differs; boxes as place, before, after. */
export interface ChangedItem {
  readonly picture: string;
  readonly source_id: string;
  readonly camera_id: string;
  readonly split_before: "train" | "validation" | "test";
  readonly split_after: "train" | "validation" | "test";
  readonly boxes: readonly (readonly [string, string, string])[];
}

/** For one box; an empty name lets the installer choose. */
export interface ClaimCodeRequest {
  readonly box_id?: string;
  readonly store_id?: string | null;
  readonly ring?: string;
}

/** An SKU that the new one is taken for. */
export interface CollisionReply {
  readonly sku_id: string;
  readonly name: string;
  readonly similarity: number;
  readonly level: "sometimes_ask" | "always_ask";
  readonly sides: readonly (string)[];
}

/** The next price. */
export interface ComingPrice {
  readonly amount_minor: number;
  readonly valid_from: string;
}

/** A remote command and what became of it. */
export interface CommandLine {
  readonly command_id: string;
  readonly kind: string;
  readonly status: string;
  readonly message: string;
  readonly has_output: boolean;
  readonly created_at: string;
  readonly finished_at: string | null;
}

/** A remote command. */
export interface CommandRequest {
  readonly kind: "restart" | "logs" | "support_bundle" | "drop_candidate" | "rollback" | "picture";
}

/** Two runs side by side. */
export interface CompareReply {
  readonly parameters: readonly (Difference)[];
  readonly capture: readonly (Difference)[];
  readonly packages: readonly (Difference)[];
  readonly result: readonly (Difference)[];
  readonly left_curves: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  readonly right_curves: Readonly<Record<string, readonly (readonly [number, number])[]>>;
}

/** A name and how often. */
export interface CountRow {
  readonly name: string;
  readonly count: number;
}

/** A new version. */
export interface CreateRequest {
  readonly store_ids?: readonly (string)[];
  readonly reasons?: readonly (string)[];
  readonly since?: string | null;
  readonly until?: string | null;
  readonly with_weak?: boolean;
  readonly with_onboarding?: boolean;
  readonly name: string;
  readonly note?: string;
  readonly rules?: RulesRequest;
  readonly split?: SplitRequest;
}

/** A version with what became of it. */
export interface DatasetDetails {
  readonly version_id: string;
  readonly name: string;
  readonly note: string;
  readonly recipe: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly size: number;
  readonly is_pinned: boolean;
  readonly withdrawn: string;
  readonly by: string;
  readonly created_at: string;
  readonly quarantined_by_reason: Readonly<Record<string, number>>;
  readonly models: readonly (Readonly<Record<string, string>>)[];
}

/** Versions, the newest first; `before` asks for the next page, 0 at the end. */
export interface DatasetPage {
  readonly items: readonly (DatasetReply)[];
  readonly before: number;
}

/** A version; `counts` has items, boxes, weak_boxes, skus, quarantined and each split. */
export interface DatasetReply {
  readonly version_id: string;
  readonly name: string;
  readonly note: string;
  readonly recipe: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly size: number;
  readonly is_pinned: boolean;
  readonly withdrawn: string;
  readonly by: string;
  readonly created_at: string;
}

/** What was concluded of a place last on a day. */
export interface DayReply {
  readonly place: string;
  readonly at: string;
  readonly bundle_id: string;
  readonly num_windows: number;
  readonly drift: readonly (DriftRow)[];
  readonly accuracy: AccuracyReply | null;
  readonly day: string;
}

/** A decision of the hub or a person, with every number it rested on. */
export interface DecisionReply {
  readonly decision_id: number;
  readonly at: string;
  readonly action: string;
  readonly by: string;
  readonly reason: string;
  readonly note: string;
  readonly ring: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Why. */
export interface DecisionRequest {
  readonly note: string;
}

/** One message and what became of it. */
export interface DeliveryReply {
  readonly delivery_id: string;
  readonly event: string;
  readonly status: "waiting" | "done" | "failed";
  readonly attempts: number;
  readonly next_at: string;
  readonly last_error: string;
  readonly created_at: string;
  readonly finished_at: string | null;
}

/** What changed; at most 500 of each kind are named, all are counted. */
export interface DiffReply {
  readonly counts: Readonly<Record<string, number>>;
  readonly recipe: Readonly<Record<string, readonly [string, string]>>;
  readonly added: readonly (NamedPicture)[];
  readonly removed: readonly (NamedPicture)[];
  readonly relabelled: readonly (ChangedItem)[];
  readonly moved: readonly (ChangedItem)[];
  readonly newly_quarantined: readonly (NamedPicture)[];
  readonly released: readonly (NamedPicture)[];
}

/** A place where two runs differ; `-` where one has nothing. */
export interface Difference {
  readonly place: string;
  readonly left: string;
  readonly right: string;
}

/** A blob that nothing names. */
export interface DoomedBlob {
  readonly sha256: string;
  readonly size: number;
}

/** A drift alert was opened since the last time; of one place, or anywhere. */
export interface DriftCondition {
  readonly kind?: "drift";
  readonly place?: string;
}

/** One signal at a place; see trainer/monitoring/drift.py. */
export interface DriftRow {
  readonly signal: string;
  readonly state: "learning" | "quiet" | "alarm";
  readonly distance: number;
  readonly usual: number;
  readonly far: number;
  readonly evidence: number;
  readonly num_watched: number;
  readonly alarmed_after: number | null;
  readonly baskets_to_alarm: number | null;
}

/** What to change; parameters of drafts only. */
export interface EditRequest {
  readonly name?: string | null;
  readonly note?: string | null;
  readonly tags?: readonly (string)[] | null;
  readonly parameters?: Readonly<Record<string, unknown>> | null;
}

/** How urgent it is, and what it needs. */
export interface EnqueueRequest {
  readonly priority?: number;
  readonly num_gpus?: number;
}

/** The job that will do it. */
export interface EnqueuedReply {
  readonly run_id: string;
  readonly job_id: string;
}

/** Measured by the gate worker. */
export interface Evidence {
  readonly targets?: readonly (TargetCost)[];
  readonly reference?: ReplayResult | null;
  readonly swapped?: Readonly<Record<string, ReplayResult>>;
}

/** An artefact that belongs to the run. */
export interface FileRequest {
  readonly name: string;
  readonly sha256: string;
}

/** The end of a job. */
export interface FinishRequest {
  readonly lease_id: string;
  readonly status: "done" | "failed" | "cancelled";
  readonly message?: string;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** How it ended. */
export interface FinishRunRequest {
  readonly status: "done" | "failed" | "cancelled";
  readonly result?: Readonly<Record<string, unknown>>;
}

/** Fire now; the same occasion twice fires once. */
export interface FireRequest {
  readonly occasion?: string;
  readonly reason?: string;
}

/** A firing, and whether this request made it. */
export interface FiredReply {
  readonly firing_id: number;
  readonly occasion: string;
  readonly reasons: readonly (string)[];
  readonly job_id: string;
  readonly cost: number;
  readonly by: string;
  readonly at: string;
  readonly is_new: boolean;
}

/** One time it fired. */
export interface FiringReply {
  readonly firing_id: number;
  readonly occasion: string;
  readonly reasons: readonly (string)[];
  readonly job_id: string;
  readonly cost: number;
  readonly by: string;
  readonly at: string;
}

/** What went, or would go, and what is left to do: `models` are to be retrained. */
export interface ForgetReply {
  readonly store_id: string;
  readonly is_done: boolean;
  readonly num_cases: number;
  readonly num_labels: number;
  readonly num_answers: number;
  readonly num_recordings: number;
  readonly num_blobs: number;
  readonly datasets: readonly (VersionSeen)[];
  readonly models: readonly (ModelSeen)[];
  readonly blind_sets: readonly (string)[];
}

/** `confirm` is the store's id where it is meant; a dry run changes nothing. */
export interface ForgetRequest {
  readonly is_dry_run?: boolean;
  readonly confirm?: string;
}

/** What is gone. */
export interface ForgottenReply {
  readonly num_blobs: number;
}

/** What to judge. */
export interface GateJobRequest {
  readonly champion?: string | "";
  readonly blind_set?: string | "";
  readonly policy?: "production" | "demo";
  readonly with_parts?: boolean;
}

/** What a gate worker does; its look is spent. */
export interface GatePlan {
  readonly job_id: string;
  readonly candidate: string;
  readonly champion: string;
  readonly blind_set: string;
  readonly look: number;
  readonly policy: "production" | "demo";
  readonly with_parts: boolean;
}

/** The same blind recordings replayed with champion and candidate. */
export interface GateRequest {
  readonly champion: ReplayResult;
  readonly candidate: ReplayResult;
  readonly policy?: "production" | "demo";
  readonly clusters?: Readonly<Record<string, string>>;
  readonly job_id?: string;
  readonly evidence?: Evidence;
}

/** The known truth of a case. */
export interface GoldRequest {
  readonly pictures: readonly (LabeledPicture)[];
}

/** How a gold question went. */
export interface GoldResult {
  readonly is_right: boolean;
  readonly num_wrong: number;
}

/** The worker is alive. */
export interface HeartbeatRequest {
  readonly lease_id: string;
  readonly progress?: number;
  readonly message?: string;
  readonly lease_s?: number;
}

/** A place's past days, oldest first, for a chart. */
export interface HistoryReply {
  readonly place: string;
  readonly alarm_evidence: number;
  readonly days: readonly (DayReply)[];
  readonly alerts: readonly (AlertReply)[];
}

/** What a file would do, or did; the first 200 of each list. */
export interface ImportReply {
  readonly is_preview: boolean;
  readonly num_created: number;
  readonly num_changed: number;
  readonly num_unchanged: number;
  readonly num_errors: number;
  readonly errors: readonly (trainer__hub__sku_exchange_api__ProblemReply)[];
  readonly changes: readonly (ChangeReply)[];
}

/** One store on one day. */
export interface InsightDay {
  readonly store_id: string;
  readonly day: string;
  readonly num_baskets: number;
  readonly num_pieces: number;
  readonly num_asks: number;
  readonly num_corrections: number;
  readonly seconds_median: number;
  readonly seconds_p90: number;
}

/** The lists; `most_confused` names `guess|label`. */
export interface InsightsReply {
  readonly days: readonly (InsightDay)[];
  readonly most_asked: readonly (CountRow)[];
  readonly most_corrected: readonly (CountRow)[];
  readonly most_confused: readonly (CountRow)[];
  readonly most_sold: readonly (CountRow)[];
  readonly never_seen: readonly (string)[];
  readonly num_never_seen: number;
}

/** Items in their order; `after` asks for the next page, -1 at the end. */
export interface ItemPage {
  readonly items: readonly (ItemRow)[];
  readonly after: number;
}

/** A box with its candidates, best first. */
export interface ItemReply {
  readonly item_id: string;
  readonly xyxy: readonly [number, number, number, number];
  readonly answered: string;
  readonly candidates: readonly (CandidateReply)[];
}

/** One picture of a version. */
export interface ItemRow {
  readonly position: number;
  readonly picture: string;
  readonly store_id: string;
  readonly camera_id: string;
  readonly day: string;
  readonly source: "case" | "onboarding";
  readonly source_id: string;
  readonly split: "train" | "validation" | "test";
  readonly num_boxes: number;
  readonly skus: readonly (string)[];
}

/** A page of jobs. */
export interface JobPage {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly (JobReply)[];
}

/** One job; its lease is told to its worker only. */
export interface JobReply {
  readonly job_id: string;
  readonly kind: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly priority: number;
  readonly num_gpus: number;
  readonly status: "queued" | "leased" | "done" | "failed" | "cancelled";
  readonly attempt: number;
  readonly max_attempts: number;
  readonly worker: string;
  readonly lease_until: string | null;
  readonly is_cancel_asked: boolean;
  readonly progress: number;
  readonly message: string;
  readonly result: Readonly<Record<string, unknown>>;
  readonly created_by: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

/** What to do; higher priority runs first. */
export interface JobRequest {
  readonly kind: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly priority?: number;
  readonly num_gpus?: number;
  readonly max_attempts?: number;
}

/** What a file of labels would do, or did. */
export interface LabelImportReply {
  readonly is_preview: boolean;
  readonly num_cases: number;
  readonly num_boxes: number;
  readonly errors: readonly (string)[];
}

/** One box; `sku_id` is given for kind `sku` only. */
export interface LabeledBox {
  readonly item_id: string;
  readonly xyxy: readonly [number, number, number, number];
  readonly kind: "sku" | "not_item" | "unknown";
  readonly sku_id?: string;
}

/** Every box of one camera. */
export interface LabeledPicture {
  readonly camera_id: string;
  readonly boxes: readonly (LabeledBox)[];
}

/** Enough new labels: in all, of one SKU, of one store, of one pair that was confused. */
export interface LabelsCondition {
  readonly kind?: "labels";
  readonly per?: "all" | "sku" | "store" | "pair";
  readonly at_least: number;
}

/** A worker with nothing to do. */
export interface LeaseRequest {
  readonly worker: string;
  readonly kinds: readonly (string)[];
  readonly num_gpus?: number;
  readonly lease_s?: number;
}

/** A job for the worker that asked. */
export interface LeasedJob {
  readonly job_id: string;
  readonly kind: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly priority: number;
  readonly num_gpus: number;
  readonly status: "queued" | "leased" | "done" | "failed" | "cancelled";
  readonly attempt: number;
  readonly max_attempts: number;
  readonly worker: string;
  readonly lease_until: string | null;
  readonly is_cancel_asked: boolean;
  readonly progress: number;
  readonly message: string;
  readonly result: Readonly<Record<string, unknown>>;
  readonly created_by: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly lease_id: string;
}

/** Half and nine tenths were no longer than this. */
export interface LevelReply {
  readonly num: number;
  readonly median_s: number;
  readonly p90_s: number;
}

/** A piece of a worker's output. */
export interface LogReply {
  readonly log_id: number;
  readonly attempt: number;
  readonly text: string;
  readonly at: string;
}

/** What the worker wrote since the last time. */
export interface LogRequest {
  readonly lease_id: string;
  readonly text: string;
}

/** Name and password. */
export interface LoginRequest {
  readonly name: string;
  readonly password: string;
}

/** One look; `verdict` is empty where the worker never reported. */
export interface LookReply {
  readonly look: number;
  readonly job_id: string;
  readonly bundle_id: string;
  readonly verdict: string;
  readonly by: string;
  readonly at: string;
}

/** Off: the bundles' own margins count again, with which they passed the gate. */
export interface MarginSwitch {
  readonly is_on: boolean;
  readonly note: string;
}

/** How many were looked at; 0 (or only such as are gone) means that none is left. */
export interface MeasureReply {
  readonly num_measured: number;
  readonly num_missing: number;
}

/** Look at pictures of the filter that nobody has looked at. */
export interface MeasureRequest {
  readonly store_ids?: readonly (string)[];
  readonly reasons?: readonly (string)[];
  readonly since?: string | null;
  readonly until?: string | null;
  readonly with_weak?: boolean;
  readonly with_onboarding?: boolean;
  readonly limit?: number;
}

/** A model with its evidence. */
export interface ModelReply {
  readonly bundle_id: string;
  readonly name: string;
  readonly version: string;
  readonly embedder_id: string;
  readonly lineage: Readonly<Record<string, string>>;
  readonly note: string;
  readonly stage: "registered" | "passed" | "rejected" | "inconclusive" | "approved" | "refused";
  readonly registered_by: string;
  readonly registered_at: string;
  readonly approval_due_at: string | null;
  readonly verdicts: readonly (VerdictReply)[];
  readonly approvals: readonly (ApprovalReply)[];
}

/** One line of the registry. */
export interface ModelRow {
  readonly bundle_id: string;
  readonly name: string;
  readonly version: string;
  readonly embedder_id: string;
  readonly lineage: Readonly<Record<string, string>>;
  readonly note: string;
  readonly stage: "registered" | "passed" | "rejected" | "inconclusive" | "approved" | "refused";
  readonly registered_by: string;
  readonly registered_at: string;
}

/** A model, and the version or the model it is named because of. */
export interface ModelSeen {
  readonly bundle_id: string;
  readonly name: string;
  readonly version: string;
  readonly stage: string;
  readonly lineage: Readonly<Record<string, string>>;
  readonly because_of: string;
}

/** A picture that one of the versions has. */
export interface NamedPicture {
  readonly picture: string;
  readonly source_id: string;
  readonly camera_id: string;
}

/** A place that looks different on purpose. */
export interface NewPastRequest {
  readonly place: string;
  readonly note: string;
}

/** The only answer that holds the secret of its push webhook. */
export interface NewTriggerReply {
  readonly trigger_id: string;
  readonly name: string;
  readonly is_active: boolean;
  readonly plan: TriggerPlan;
  readonly last_state: string;
  readonly since: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly push_secret: string;
  readonly push_path: string;
}

/** The only answer that holds the secret. */
export interface NewWebhookReply {
  readonly webhook_id: string;
  readonly url: string;
  readonly events: readonly (string)[];
  readonly is_active: boolean;
  readonly created_by: string;
  readonly created_at: string;
  readonly secret: string;
}

/** Which cases not to be given, such as those skipped a moment ago. */
export interface NextRequest {
  readonly exclude?: readonly (string)[];
}

/** Why. */
export interface NoteRequest {
  readonly note?: string;
}

/** An onboarding and how far it is. */
export interface OnboardingReply {
  readonly onboarding_id: string;
  readonly sku_id: string;
  readonly status: "open" | "published";
  readonly by: string;
  readonly created_at: string;
  readonly num_photos: number;
  readonly photos: readonly (PhotoReply)[];
  readonly collisions: readonly (CollisionReply)[];
  readonly advice: readonly (string)[];
  readonly missing_sides: readonly (string)[];
  readonly done_percent: number;
  readonly is_done_enough: boolean;
  readonly segments: readonly (SegmentReply)[];
}

/** One line of the list. */
export interface OnboardingRow {
  readonly onboarding_id: string;
  readonly sku_id: string;
  readonly status: "open" | "published";
  readonly by: string;
  readonly created_at: string;
  readonly num_photos: number;
}

/** Photos that put the SKU into the galleries without training. */
export interface OnboardingSeen {
  readonly onboarding_id: string;
  readonly by: string;
  readonly segment: string;
  readonly at: string;
}

/** The fleet in figures. */
export interface OverviewReply {
  readonly by_status: Readonly<Record<string, number>>;
  readonly num_silent: number;
  readonly num_troubled: number;
  readonly received_per_hour: Readonly<Record<string, readonly (number)[]>>;
}

/** A person changes their own password; every session ends. */
export interface PasswordChange {
  readonly old_password: string;
  readonly new_password: string;
}

/** An administrator sets a password; every session of the account ends. */
export interface PasswordReset {
  readonly password: string;
}

/** One photo. */
export interface PhotoReply {
  readonly photo_id: string;
  readonly side: string;
  readonly url: string;
  readonly crop_url: string;
  readonly sharpness: number;
  readonly problems: readonly (trainer__hub__onboarding_api__ProblemReply)[];
}

/** One camera's picture. */
export interface PictureReply {
  readonly camera_id: string;
  readonly width: number;
  readonly height: number;
  readonly url: string;
  readonly items: readonly (ItemReply)[];
}

/** A picture that taught the SKU. */
export interface PictureSeen {
  readonly picture: string;
  readonly position: number;
  readonly source: string;
  readonly source_id: string;
  readonly store_id: string;
  readonly day: string;
  readonly label_source: string;
  readonly answer_id: number;
}

/** A pinned blob. */
export interface PinReply {
  readonly sha256: string;
  readonly note: string;
}

/** One store, camera or ring. */
export interface PlaceReply {
  readonly place: string;
  readonly at: string;
  readonly bundle_id: string;
  readonly num_windows: number;
  readonly drift: readonly (DriftRow)[];
  readonly accuracy: AccuracyReply | null;
}

/** One ring of the plan. */
export interface PlannedRing {
  readonly name: string;
  readonly soak_h?: number;
  readonly deadline_h?: number;
  readonly min_confirmed?: number;
  readonly share_confirmed?: number;
  readonly is_lab?: boolean;
}

/** One figure of a curve. */
export interface Point {
  readonly name: string;
  readonly step: number;
  readonly value: number;
}

/** The judge's numbers at a moment, for charts; logs are natural. */
export interface PointReply {
  readonly at: string;
  readonly ring: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** Figures since the last time. */
export interface PointsRequest {
  readonly points: readonly (Point)[];
}

/** Parameters of sync/preprocess.py that these models were trained with; whole numbers only. */
export interface Preprocess {
  readonly detector_px: number;
  readonly detector_height_px?: number | null;
  readonly detector_fine_px?: number | null;
  readonly detector_fine_height_px?: number | null;
  readonly detector_strides?: readonly (number)[];
  readonly crop_px: number;
  readonly crop_margin_percent?: number;
  readonly mean?: number;
  readonly scale?: number;
}

/** What a file of prices would do, or did. */
export interface PriceImportReply {
  readonly is_preview: boolean;
  readonly num_prices: number;
  readonly num_errors: number;
  readonly errors: readonly (trainer__hub__sku_exchange_api__ProblemReply)[];
}

/** The list as it would be published now. */
export interface PriceListReply {
  readonly version: number;
  readonly num_prices: number;
  readonly num_promotions: number;
  readonly problems: readonly (string)[];
  readonly can_publish: boolean;
  readonly published: readonly (PublicationReply)[];
}

/** A page of prices. */
export interface PricePage {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly (PriceReply)[];
}

/** One line of a store's prices. */
export interface PriceReply {
  readonly sku_id: string;
  readonly name: string;
  readonly amount_minor: number | null;
  readonly is_stopped: boolean;
  readonly valid_from: string | null;
  readonly valid_until: string | null;
  readonly coming: ComingPrice | null;
}

/** A price from a moment on; from now where none is given. */
export interface PriceRequest {
  readonly amount_minor: number;
  readonly valid_from?: string | null;
  readonly valid_until?: string | null;
  readonly is_stopped?: boolean;
}

/** A multi-buy or percentage promotion on one SKU. */
export interface Promotion {
  readonly promotion_id: string;
  readonly sku_id: string;
  readonly kind: "multi_buy" | "percent";
  readonly quantity?: number;
  readonly amount_minor?: number;
  readonly percent?: number;
  readonly names?: Readonly<Record<string, string>>;
  readonly valid_from: string;
  readonly valid_until?: string | null;
  readonly weekdays?: readonly (number)[];
  readonly from_time?: string;
  readonly until_time?: string;
}

/** A promotion as a person writes it. */
export interface PromotionRequest {
  readonly promotion_id: string;
  readonly sku_id: string;
  readonly kind: "multi_buy" | "percent";
  readonly quantity?: number;
  readonly amount_minor?: number;
  readonly percent?: number;
  readonly names?: Readonly<Record<string, string>>;
  readonly valid_from: string;
  readonly valid_until?: string | null;
  readonly weekdays?: readonly (number)[];
  readonly from_time?: string;
  readonly until_time?: string;
}

/** A price list that was signed. */
export interface PublicationReply {
  readonly version: number;
  readonly channel: string;
  readonly sha256: string;
  readonly num_prices: number;
  readonly valid_from: string;
  readonly by: string;
  readonly at: string;
}

/** Several onboardings as one segment. */
export interface PublishManyRequest {
  readonly channel: string;
  readonly accept_collisions?: boolean;
  readonly onboarding_ids: readonly (string)[];
}

/** What was signed, and how long it took. */
export interface PublishReply {
  readonly segments: readonly (SegmentReply)[];
  readonly seconds: number;
}

/** Quarantine in its order. */
export interface QuarantinePage {
  readonly items: readonly (QuarantineRow)[];
  readonly after: number;
}

/** One picture that is left out. */
export interface QuarantineRow {
  readonly position: number;
  readonly picture: string;
  readonly source: "case" | "onboarding";
  readonly source_id: string;
  readonly camera_id: string;
  readonly reasons: readonly (string)[];
}

/** How many cases have each status. */
export interface QueueReply {
  readonly new: number;
  readonly second: number;
  readonly disputed: number;
  readonly labelled: number;
  readonly skipped: number;
}

/** Whether the version is whole, and what the same recipe gives today where that differs. */
export interface RebuildReply {
  readonly version_id: string;
  readonly is_whole: boolean;
  readonly num_pictures: number;
  readonly missing: readonly (string)[];
  readonly altered: readonly (string)[];
  readonly tree_sha256: string;
  readonly is_same_today: boolean;
  readonly changes: DiffReply | null;
}

/** One camera as it stood over the counter. */
export interface RecordedCamera {
  readonly camera_id: string;
  readonly calibration?: string;
  readonly counter_region?: readonly (readonly [number, number])[];
}

/** One redacted picture. */
export interface RecordedFrame {
  readonly camera_id: string;
  readonly at_ms: number;
  readonly boxes?: readonly (readonly [number, number, number, number])[];
}

/** One basket from the first item to payment. */
export interface Recording {
  readonly format?: 1;
  readonly recording_id: string;
  readonly basket_id: string;
  readonly lane_id: string;
  readonly bundle_id: string;
  readonly at: string;
  readonly cameras?: readonly (RecordedCamera)[];
  readonly num_cameras_left_out?: number;
  readonly frames: readonly (RecordedFrame)[];
  readonly answer: readonly (readonly [string, number])[];
  readonly num_corrected?: number;
  readonly blob: string;
}

/** A picture that was left out, and why. */
export interface RefusedPhoto {
  readonly name: string;
  readonly reason: string;
}

/** A bundle's manifest, and where it comes from: run, data set, parent, commit. */
export interface RegisterRequest {
  readonly manifest: BundleManifest;
  readonly lineage?: Readonly<Record<string, string>>;
  readonly note?: string;
}

/** Every basket of one replay with one bundle. */
export interface ReplayResult {
  readonly format?: 1;
  readonly bundle_id: string;
  readonly edge_version: string;
  readonly provider: string;
  readonly baskets?: readonly (ReplayedBasket)[];
}

/** One recording through the box's own pipeline. */
export interface ReplayedBasket {
  readonly name: string;
  readonly predicted: Readonly<Record<string, number>>;
  readonly best_guess: Readonly<Record<string, number>>;
  readonly truth?: Readonly<Record<string, number>> | null;
  readonly num_asks?: number;
  readonly num_asks_with_truth?: number;
  readonly num_unknown?: number;
  readonly total_minor?: number;
  readonly events?: readonly (ReplayedEvent)[];
  readonly rest_to_line_ms?: readonly (number)[];
  readonly num_frames?: number;
  readonly frame_ms_p50?: number;
  readonly frame_ms_p95?: number;
}

/** An item that came to rest or was taken away, as the box saw it. */
export interface ReplayedEvent {
  readonly kind: "put" | "take";
  readonly at_s: number;
  readonly frame: number;
  readonly sku_id?: string;
  readonly told_frame?: number | null;
}

/** One ring: its limits, what was signed, and how its boxes stand. */
export interface RingReply {
  readonly place: number;
  readonly name: string;
  readonly state: "waiting" | "current" | "passed" | "withdrawn";
  readonly is_lab: boolean;
  readonly soak_h: number;
  readonly deadline_h: number;
  readonly min_confirmed: number;
  readonly share_confirmed: number;
  readonly previous_bundle_id: string | null;
  readonly told: "" | "release" | "withdrawn";
  readonly generation: number;
  readonly told_at: string | null;
  readonly began_at: string | null;
  readonly passed_at: string | null;
  readonly boxes: number;
  readonly offered: number;
  readonly fetched: number;
  readonly held: number;
  readonly refused: number;
  readonly swapped: number;
  readonly confirmed: number;
  readonly rolled_back: number;
  readonly silent: number;
  readonly offline: number;
}

/** A duty; role_permissions.py says what it allows. */
export type Role = "viewer" | "reviewer" | "trainer" | "approver" | "operator" | "admin" | "gate" | "worker";

/** Why. */
export interface RolloutOrderRequest {
  readonly note?: string;
}

/** Rings and limits of one rollout. */
export interface RolloutPlan {
  readonly rings: readonly (PlannedRing)[];
  readonly alpha?: number;
  readonly silent_after_h?: number;
  readonly tolerated_failures?: number;
}

/** A rollout with everything a page shows. */
export interface RolloutReply {
  readonly rollout_id: number;
  readonly bundle_id: string;
  readonly name: string;
  readonly version: string;
  readonly channel: string;
  readonly policy: string;
  readonly phase: "running" | "held" | "stopped" | "withdrawn" | "done";
  readonly ring: string;
  readonly place: number;
  readonly num_rings: number;
  readonly reason: string;
  readonly note: string;
  readonly started_by: string;
  readonly started_at: string;
  readonly ring_began_at: string;
  readonly ended_at: string | null;
  readonly num_boxes: number;
  readonly num_confirmed: number;
  readonly num_failed: number;
  readonly waits_for: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly limits: Readonly<Record<string, number>>;
  readonly box_policy: Readonly<Record<string, unknown>>;
  readonly production_policy: Readonly<Record<string, unknown>>;
  readonly rings: readonly (RingReply)[];
  readonly decisions: readonly (DecisionReply)[];
  readonly series: readonly (PointReply)[];
  readonly troubled_boxes: readonly (BoxProgressReply)[];
}

/** One line: what goes out, how far it is, how many boxes have it. */
export interface RolloutRow {
  readonly rollout_id: number;
  readonly bundle_id: string;
  readonly name: string;
  readonly version: string;
  readonly channel: string;
  readonly policy: string;
  readonly phase: "running" | "held" | "stopped" | "withdrawn" | "done";
  readonly ring: string;
  readonly place: number;
  readonly num_rings: number;
  readonly reason: string;
  readonly note: string;
  readonly started_by: string;
  readonly started_at: string;
  readonly ring_began_at: string;
  readonly ended_at: string | null;
  readonly num_boxes: number;
  readonly num_confirmed: number;
  readonly num_failed: number;
}

/** An approved model, and the rings in their order. */
export interface RolloutStartRequest {
  readonly bundle_id: string;
  readonly rings?: readonly (string)[];
  readonly plan?: RolloutPlan | null;
  readonly channel?: string;
  readonly policy?: "production" | "lab" | "demo";
  readonly note?: string;
}

/** A rule and who set it. */
export interface RuleReply {
  readonly name: string;
  readonly mode: "automatic" | "veto" | "manual";
  readonly veto_hours: number;
  readonly changed_by: string;
  readonly changed_at: string | null;
}

/** How models of one name are approved after a pass. */
export interface RuleRequest {
  readonly mode: "automatic" | "veto" | "manual";
  readonly veto_hours?: number;
}

/** Limits of quality; what is not given is the default of trainer/dataset/README.md. */
export interface RulesRequest {
  readonly min_side_px?: number;
  readonly min_box_px?: number;
  readonly min_sharpness?: number;
  readonly min_brightness?: number;
  readonly max_brightness?: number;
  readonly min_pictures_per_sku?: number;
  readonly near_duplicate_bits?: number;
}

/** Something a run left; fetched from /artifacts/{sha256}. */
export interface RunFile {
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
}

/** A page of runs. */
export interface RunPage {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly (RunRow)[];
}

/** A run. */
export interface RunReply {
  readonly run_id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: "draft" | "queued" | "running" | "done" | "failed" | "cancelled";
  readonly parent_id: string;
  readonly job_id: string;
  readonly tags: readonly (string)[];
  readonly created_by: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly capture: Readonly<Record<string, unknown>>;
  readonly result: Readonly<Record<string, unknown>>;
  readonly note: string;
  readonly files: readonly (RunFile)[];
}

/** A draft, or a run that a worker or a script has begun (`running`). */
export interface RunRequest {
  readonly run_id?: string;
  readonly name: string;
  readonly kind?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly capture?: Readonly<Record<string, unknown>>;
  readonly parent_id?: string;
  readonly status?: "draft" | "running";
}

/** One line of the list. */
export interface RunRow {
  readonly run_id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: "draft" | "queued" | "running" | "done" | "failed" | "cancelled";
  readonly parent_id: string;
  readonly job_id: string;
  readonly tags: readonly (string)[];
  readonly created_by: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

/** One box on one day, in counts. */
export interface SalesRow {
  readonly box_id: string;
  readonly day: string;
  readonly num_baskets: number;
  readonly num_asks: number;
  readonly pieces: Readonly<Record<string, number>>;
  readonly by_origin: Readonly<Record<string, number>>;
}

/** Where a picture, or what a person said, went. */
export interface SeenReply {
  readonly cases: readonly (string)[];
  readonly reviewers: Readonly<Record<string, number>>;
  readonly datasets: readonly (VersionSeen)[];
  readonly models: readonly (ModelSeen)[];
}

/** Rows that were signed for one embedder. */
export interface SegmentReply {
  readonly sha256: string;
  readonly channel: string;
  readonly embedder_id: string;
  readonly rows: number;
  readonly size: number;
  readonly at: string;
}

/** How long things take; box -> share of hours in which it reported. */
export interface ServiceLevelReply {
  readonly time_to_label: LevelReply;
  readonly time_to_sku: LevelReply;
  readonly time_to_roll_back: LevelReply;
  readonly availability: Readonly<Record<string, number>>;
}

/** Who is logged in and what they may do. */
export interface SessionReply {
  readonly name: string;
  readonly display_name: string;
  readonly roles: readonly (Role)[];
  readonly permissions: readonly (string)[];
  readonly csrf_token: string;
  readonly expires_at: string;
}

/** Pictures per store and per source, each by split. */
export interface SharesReply {
  readonly stores: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly sources: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The case is put aside. */
export interface SkipReply {
  readonly status?: "skipped";
}

/** Why nobody can tell. */
export interface SkipRequest {
  readonly reason: string;
}

/** One SKU with its prices. */
export interface SkuDetail {
  readonly sku_id: string;
  readonly gtin?: string;
  readonly plu?: string | null;
  readonly names: Readonly<Record<string, string>>;
  readonly unit?: "each" | "kg";
  readonly category_path?: readonly (string)[];
  readonly family?: string | null;
  readonly expected_weight_g?: number | null;
  readonly weight_tolerance_g?: number;
  readonly tare_g?: number;
  readonly size_cm?: readonly [number, number, number] | null;
  readonly age_limit?: number | null;
  readonly allergens?: readonly (string)[];
  readonly deposit_minor?: number;
  readonly tax_class?: string;
  readonly picture?: null;
  readonly valid_from?: string | null;
  readonly valid_until?: string | null;
  readonly status: "active" | "retired";
  readonly version: number;
  readonly has_picture: boolean;
  readonly updated_at: string;
  readonly amount_minor?: number | null;
  readonly prices?: readonly (StorePrice)[];
}

/** A page of SKUs. */
export interface SkuPage {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly (SkuReply)[];
}

/** An SKU with what the centre knows beside it. */
export interface SkuReply {
  readonly sku_id: string;
  readonly gtin?: string;
  readonly plu?: string | null;
  readonly names: Readonly<Record<string, string>>;
  readonly unit?: "each" | "kg";
  readonly category_path?: readonly (string)[];
  readonly family?: string | null;
  readonly expected_weight_g?: number | null;
  readonly weight_tolerance_g?: number;
  readonly tare_g?: number;
  readonly size_cm?: readonly [number, number, number] | null;
  readonly age_limit?: number | null;
  readonly allergens?: readonly (string)[];
  readonly deposit_minor?: number;
  readonly tax_class?: string;
  readonly picture?: null;
  readonly valid_from?: string | null;
  readonly valid_until?: string | null;
  readonly status: "active" | "retired";
  readonly version: number;
  readonly has_picture: boolean;
  readonly updated_at: string;
  readonly amount_minor?: number | null;
}

/** The line as the box told it; the model decided where `named_by` is `vision`. */
export interface SoldReply {
  readonly basket_id: string;
  readonly line_no: number;
  readonly sku_id: string;
  readonly pieces: number;
  readonly named_by: string;
  readonly box_id: string;
  readonly store_id: string;
  readonly bundle_id: string;
  readonly at: string;
}

/** What stays together, and how much is held out. */
export interface SplitRequest {
  readonly by?: "basket" | "day" | "store";
  readonly validation_percent?: number;
  readonly test_percent?: number;
  readonly seed?: number;
}

/** A worker begins a run. */
export interface StartRequest {
  readonly job_id?: string;
  readonly capture?: Readonly<Record<string, unknown>>;
}

/** How somebody labels. */
export interface StatsReply {
  readonly reviewer: string;
  readonly num_answers: number;
  readonly num_boxes: number;
  readonly median_seconds: number;
  readonly num_gold: number;
  readonly num_gold_right: number;
  readonly num_compared: number;
  readonly num_agreed: number;
}

/** Revoke a box, or let one back in after a person looked. */
export interface StatusRequest {
  readonly status: "enrolled" | "revoked";
  readonly reason: string;
}

/** What is given is changed. */
export interface StoreChange {
  readonly name?: string | null;
  readonly time_zone?: string | null;
  readonly currency?: string | null;
  readonly exponent?: number | null;
  readonly tax_rates?: Readonly<Record<string, number>> | null;
  readonly channel?: string | null;
  readonly languages?: readonly (string)[] | null;
  readonly lanes?: readonly (string)[] | null;
}

/** A store's own margins; newest first, no bundle before its first label. */
export interface StoreMarginsReply {
  readonly store_id: string;
  readonly is_on: boolean;
  readonly num_needed: number;
  readonly max_wrong_share: number;
  readonly confidence: number;
  readonly signed_generation: number;
  readonly bundles: readonly (BundleMarginsReply)[];
}

/** What one store charges now. */
export interface StorePrice {
  readonly store_id: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly exponent: number;
  readonly is_stopped: boolean;
}

/** A store with what belongs to it. */
export interface StoreReply {
  readonly store_id: string;
  readonly name: string;
  readonly time_zone: string;
  readonly currency: string;
  readonly exponent: number;
  readonly tax_rates: Readonly<Record<string, number>>;
  readonly channel: string;
  readonly languages: readonly (string)[];
  readonly lanes: readonly (string)[];
  readonly num_prices: number;
  readonly num_boxes: number;
  readonly boxes: readonly (string)[];
  readonly price_list_version: number;
  readonly created_at: string;
}

/** A new store; what is not given is the default. */
export interface StoreRequest {
  readonly name: string;
  readonly time_zone?: string | null;
  readonly currency?: string | null;
  readonly exponent?: number | null;
  readonly tax_rates?: Readonly<Record<string, number>> | null;
  readonly channel?: string | null;
  readonly languages?: readonly (string)[] | null;
  readonly lanes?: readonly (string)[] | null;
  readonly store_id: string;
}

/** An answer as it was given. */
export interface StoredAnswer {
  readonly answer_id: number;
  readonly reviewer: string;
  readonly at: string;
  readonly seconds: number;
  readonly is_undone: boolean;
  readonly pictures: readonly (LabeledPicture)[];
}

/** What would go, or went; `doomed` shows 1,000 at most. */
export interface SweepReply {
  readonly is_dry_run: boolean;
  readonly num_blobs: number;
  readonly num_named: number;
  readonly num_young: number;
  readonly num_doomed: number;
  readonly doomed_bytes: number;
  readonly doomed: readonly (DoomedBlob)[];
  readonly num_spared: number;
}

/** Champion and candidate on one kind of machine. */
export interface TargetCost {
  readonly provider: string;
  readonly champion_p95_ms: number;
  readonly candidate_p95_ms: number;
  readonly champion_rss_mib?: number;
  readonly candidate_rss_mib?: number;
}

/** What the hub did last here, or does now; `problems` of a failed one, first ones only. */
export interface TaskReply {
  readonly what?: "" | "create" | "verify";
  readonly name?: string;
  readonly state?: "" | "running" | "done" | "failed";
  readonly problems?: readonly (string)[];
}

/** Some minutes of a box. */
export interface TelemetryReport {
  readonly format?: 1;
  readonly at: string;
  readonly window_s: number;
  readonly verdict: string;
  readonly reasons?: readonly (string)[];
  readonly figures?: Readonly<Record<string, number>>;
  readonly cameras?: readonly (CameraReport)[];
  readonly versions?: Readonly<Record<string, string>>;
  readonly recognition?: readonly (CameraRecognition)[];
}

/** A token without its secret. */
export interface TokenReply {
  readonly name: string;
  readonly role: Role;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly is_revoked: boolean;
}

/** A token for a person or a worker; `days` is how long it lives, 0 for ever. */
export interface TokenRequest {
  readonly name: string;
  readonly role: Role;
  readonly days?: number;
}

/** What is enqueued. */
export interface TriggerJob {
  readonly kind?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly priority?: number;
  readonly num_gpus?: number;
}

/** What to change. */
export interface TriggerPatch {
  readonly is_active?: boolean | null;
  readonly plan?: TriggerPlan | null;
}

/** A trigger as a person wrote it. */
export interface TriggerPlan {
  readonly conditions?: readonly (LabelsCondition | DriftCondition | AccuracyCondition | CatalogueCondition | CalendarCondition)[];
  readonly votes?: number;
  readonly cool_down_h?: number;
  readonly cost?: number;
  readonly max_cost_30d?: number;
  readonly job?: TriggerJob;
}

/** A trigger; `last_state` says why it fired or waits. */
export interface TriggerReply {
  readonly trigger_id: string;
  readonly name: string;
  readonly is_active: boolean;
  readonly plan: TriggerPlan;
  readonly last_state: string;
  readonly since: string;
  readonly created_by: string;
  readonly created_at: string;
}

/** A name and a plan. */
export interface TriggerRequest {
  readonly name: string;
  readonly plan: TriggerPlan;
}

/** The answer that was taken back; its case is yours again. */
export interface UndoReply {
  readonly case_id: string;
  readonly answer_id: number;
}

/** What the gate said; `document` holds every figure and the policy. */
export interface VerdictReply {
  readonly verdict_id: number;
  readonly champion_id: string;
  readonly blind_set: string;
  readonly look: number;
  readonly policy: string;
  readonly verdict: "pass" | "reject" | "inconclusive";
  readonly document: Readonly<Record<string, unknown>>;
  readonly by: string;
  readonly at: string;
}

/** A version of a data set and in which split; `quarantined` where it was left out. */
export interface VersionSeen {
  readonly version_id: string;
  readonly name: string;
  readonly split: string;
  readonly num_pictures: number;
}

/** How many claims were vetted now; 0 means that none waits. */
export interface VetReply {
  readonly num_vetted: number;
  readonly num_accepted: number;
  readonly num_blocked: number;
}

/** How many cases to vet now, and the limits (trainer/README.md). */
export interface VetRequest {
  readonly limit?: number;
  readonly shopper_margin?: number;
  readonly barcode_margin?: number;
  readonly min_similarity?: number;
}

/** How many regions. */
export interface WeakCount {
  readonly source: "shopper" | "barcode";
  readonly status: "accepted" | "blocked";
  readonly reason: string;
  readonly count: number;
}

/** Weak labels; `after` asks for the next page, -1 at the end. */
export interface WeakPage {
  readonly items: readonly (WeakRow)[];
  readonly counts: readonly (WeakCount)[];
  readonly after: number;
}

/** One region; `margin` in thousandths of cosine similarity above the rival. */
export interface WeakRow {
  readonly weak_id: number;
  readonly case_id: string;
  readonly camera_id: string;
  readonly item_id: string;
  readonly sku_id: string;
  readonly source: "shopper" | "barcode";
  readonly status: "accepted" | "blocked";
  readonly reason: string;
  readonly rival: string;
  readonly margin: number;
  readonly vetted_with: string;
  readonly at: string;
}

/** A webhook without its secret. */
export interface WebhookReply {
  readonly webhook_id: string;
  readonly url: string;
  readonly events: readonly (string)[];
  readonly is_active: boolean;
  readonly created_by: string;
  readonly created_at: string;
}

/** Where to, and about what. */
export interface WebhookRequest {
  readonly url: string;
  readonly events?: readonly ("alert.opened" | "alert.acknowledged" | "alert.closed" | "trigger.fired")[];
}

/** A line walked to its end; `missing` says where the walk could not go on, and why. */
export interface WhyReply {
  readonly line: SoldReply;
  readonly model: ModelSeen | null;
  readonly run_id: string;
  readonly dataset: string;
  readonly num_pictures: number;
  readonly pictures: readonly (PictureSeen)[];
  readonly reviewers: Readonly<Record<string, number>>;
  readonly onboardings: readonly (OnboardingSeen)[];
  readonly missing: readonly (string)[];
}

/** A worker that called within a day; `job_id` is empty while it waits for work. */
export interface WorkerReply {
  readonly worker: string;
  readonly kinds: readonly (string)[];
  readonly num_gpus: number;
  readonly job_id: string;
  readonly seen_at: string;
}

/** Keep it from deletion, or not. */
export interface trainer__hub__dataset_forms__PinRequest {
  readonly is_pinned: boolean;
}

/** Something wrong with a photo; a blocking one keeps it out of the gallery. */
export interface trainer__hub__onboarding_api__ProblemReply {
  readonly code: string;
  readonly message: string;
  readonly is_blocking: boolean;
}

/** Into which channel; `accept_collisions` after a person has read the advice. */
export interface trainer__hub__onboarding_api__PublishRequest {
  readonly channel: string;
  readonly accept_collisions?: boolean;
}

/** When the list takes effect; at once where no time is given. */
export interface trainer__hub__price_api__PublishRequest {
  readonly valid_from?: string | null;
}

/** How the clone is called. */
export interface trainer__hub__run_api__CloneRequest {
  readonly name?: string;
}

/** What is wrong with one row. */
export interface trainer__hub__sku_exchange_api__ProblemReply {
  readonly line: number;
  readonly sku_id: string;
  readonly message: string;
}

/** A new store like another. */
export interface trainer__hub__store_api__CloneRequest {
  readonly store_id: string;
  readonly name: string;
  readonly with_prices?: boolean;
}

/** Why it must stay. */
export interface trainer__hub__store_care_api__PinRequest {
  readonly note: string;
}

export interface Routes {
  "GET /api/v1/accounts": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (AccountReply)[];
  };
  "POST /api/v1/accounts": {
    path: undefined;
    query: undefined;
    body: AccountRequest;
    reply: AccountReply;
  };
  "PATCH /api/v1/accounts/{name}": {
    path: { name: string };
    query: undefined;
    body: AccountChange;
    reply: AccountReply;
  };
  "POST /api/v1/accounts/{name}/password": {
    path: { name: string };
    query: undefined;
    body: PasswordReset;
    reply: undefined;
  };
  "GET /api/v1/alerts": {
    path: undefined;
    query: { state?: "" | "active" | "open" | "acknowledged" | "closed"; offset?: number; limit?: number };
    body: undefined;
    reply: AlertPage;
  };
  "POST /api/v1/alerts/{alert_id}/acknowledge": {
    path: { alert_id: number };
    query: undefined;
    body: NoteRequest;
    reply: AlertReply;
  };
  "POST /api/v1/alerts/{alert_id}/close": {
    path: { alert_id: number };
    query: undefined;
    body: NoteRequest;
    reply: AlertReply;
  };
  "GET /api/v1/approval-rules": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (RuleReply)[];
  };
  "PUT /api/v1/approval-rules/{name}": {
    path: { name: string };
    query: undefined;
    body: RuleRequest;
    reply: RuleReply;
  };
  "GET /api/v1/artifacts/{sha256}": {
    path: { sha256: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "PUT /api/v1/artifacts/{sha256}": {
    path: { sha256: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/audit": {
    path: undefined;
    query: { subject?: string; actor?: string; action?: string; before?: number; limit?: number };
    body: undefined;
    reply: readonly (Readonly<Record<string, unknown>>)[];
  };
  "GET /api/v1/backups": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: BackupsReply;
  };
  "POST /api/v1/backups": {
    path: undefined;
    query: undefined;
    body: BackupRequest;
    reply: TaskReply;
  };
  "POST /api/v1/backups/{name}/verify": {
    path: { name: string };
    query: undefined;
    body: undefined;
    reply: TaskReply;
  };
  "DELETE /api/v1/baskets/{basket_id}/pictures": {
    path: { basket_id: string };
    query: undefined;
    body: undefined;
    reply: ForgottenReply;
  };
  "GET /api/v1/blind-sets": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (BlindSetReply)[];
  };
  "POST /api/v1/blind-sets": {
    path: undefined;
    query: undefined;
    body: BlindSetRequest;
    reply: BlindSetReply;
  };
  "GET /api/v1/blind-sets/{blind_set_id}/looks": {
    path: { blind_set_id: string };
    query: undefined;
    body: undefined;
    reply: readonly (LookReply)[];
  };
  "GET /api/v1/blind-sets/{blind_set_id}/recordings": {
    path: { blind_set_id: string };
    query: undefined;
    body: undefined;
    reply: readonly (BlindItemReply)[];
  };
  "GET /api/v1/blind-sets/{blind_set_id}/recordings/{recording_id}": {
    path: { blind_set_id: string; recording_id: string };
    query: undefined;
    body: undefined;
    reply: Recording;
  };
  "GET /api/v1/blind-sets/{blind_set_id}/recordings/{recording_id}/frames": {
    path: { blind_set_id: string; recording_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/blobs-pins": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (PinReply)[];
  };
  "PUT /api/v1/blobs-pins/{sha256}": {
    path: { sha256: string };
    query: undefined;
    body: trainer__hub__store_care_api__PinRequest;
    reply: undefined;
  };
  "DELETE /api/v1/blobs-pins/{sha256}": {
    path: { sha256: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/blobs-sweep": {
    path: undefined;
    query: { dry_run?: boolean };
    body: undefined;
    reply: SweepReply;
  };
  "GET /api/v1/cases": {
    path: undefined;
    query: { status?: "" | "new" | "second" | "disputed" | "labelled" | "skipped"; store_id?: string; reason?: string; offset?: number; limit?: number };
    body: undefined;
    reply: CasePage;
  };
  "POST /api/v1/cases/next": {
    path: undefined;
    query: undefined;
    body: NextRequest;
    reply: CaseReply | null;
  };
  "GET /api/v1/cases/{case_id}": {
    path: { case_id: string };
    query: undefined;
    body: undefined;
    reply: CaseReply;
  };
  "POST /api/v1/cases/{case_id}/answer": {
    path: { case_id: string };
    query: undefined;
    body: AnswerRequest;
    reply: AnswerReply;
  };
  "GET /api/v1/cases/{case_id}/answers": {
    path: { case_id: string };
    query: undefined;
    body: undefined;
    reply: readonly (StoredAnswer)[];
  };
  "PUT /api/v1/cases/{case_id}/gold": {
    path: { case_id: string };
    query: undefined;
    body: GoldRequest;
    reply: undefined;
  };
  "DELETE /api/v1/cases/{case_id}/gold": {
    path: { case_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/cases/{case_id}/pictures/{camera_id}": {
    path: { case_id: string; camera_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/cases/{case_id}/skip": {
    path: { case_id: string };
    query: undefined;
    body: SkipRequest;
    reply: SkipReply;
  };
  "GET /api/v1/categories": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (CategoryReply)[];
  };
  "GET /api/v1/datasets": {
    path: undefined;
    query: { name?: string; before?: number; limit?: number };
    body: undefined;
    reply: DatasetPage;
  };
  "POST /api/v1/datasets": {
    path: undefined;
    query: undefined;
    body: CreateRequest;
    reply: DatasetReply;
  };
  "POST /api/v1/datasets/measure": {
    path: undefined;
    query: undefined;
    body: MeasureRequest;
    reply: MeasureReply;
  };
  "GET /api/v1/datasets/{version}": {
    path: { version: string };
    query: undefined;
    body: undefined;
    reply: DatasetDetails;
  };
  "DELETE /api/v1/datasets/{version}": {
    path: { version: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/datasets/{version}/diff/{other}": {
    path: { version: string; other: string };
    query: undefined;
    body: undefined;
    reply: DiffReply;
  };
  "GET /api/v1/datasets/{version}/items": {
    path: { version: string };
    query: { split?: "train" | "validation" | "test" | null; store_id?: string; sku_id?: string; after?: number; limit?: number };
    body: undefined;
    reply: ItemPage;
  };
  "GET /api/v1/datasets/{version}/manifest": {
    path: { version: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/datasets/{version}/pictures/{picture}": {
    path: { version: string; picture: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "PUT /api/v1/datasets/{version}/pin": {
    path: { version: string };
    query: undefined;
    body: trainer__hub__dataset_forms__PinRequest;
    reply: DatasetReply;
  };
  "GET /api/v1/datasets/{version}/quarantine": {
    path: { version: string };
    query: { reason?: string; after?: number; limit?: number };
    body: undefined;
    reply: QuarantinePage;
  };
  "POST /api/v1/datasets/{version}/rebuild": {
    path: { version: string };
    query: undefined;
    body: undefined;
    reply: RebuildReply;
  };
  "GET /api/v1/datasets/{version}/shares": {
    path: { version: string };
    query: undefined;
    body: undefined;
    reply: SharesReply;
  };
  "GET /api/v1/fleet/boxes": {
    path: undefined;
    query: { q?: string; status?: "" | "pending" | "enrolled" | "revoked" | "quarantined" | "replaced"; health?: "" | "ok" | "degraded" | "failed" | "silent"; sort?: "box_id" | "-box_id" | "store_id" | "-store_id" | "ring" | "-ring" | "seen_at" | "-seen_at" | "edge_version" | "-edge_version"; offset?: number; limit?: number };
    body: undefined;
    reply: BoxLines;
  };
  "GET /api/v1/fleet/boxes/{box_id}": {
    path: { box_id: string };
    query: undefined;
    body: undefined;
    reply: BoxReply;
  };
  "GET /api/v1/fleet/boxes/{box_id}/commands/{command_id}/output": {
    path: { box_id: string; command_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/fleet/boxes/{box_id}/picture": {
    path: { box_id: string };
    query: { camera: string };
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/fleet/boxes/{box_id}/telemetry": {
    path: { box_id: string };
    query: undefined;
    body: undefined;
    reply: readonly (TelemetryReport)[];
  };
  "GET /api/v1/fleet/overview": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: OverviewReply;
  };
  "GET /api/v1/fleet/sales": {
    path: undefined;
    query: { days?: number };
    body: undefined;
    reply: readonly (SalesRow)[];
  };
  "POST /api/v1/gate-jobs/{job_id}/begin": {
    path: { job_id: string };
    query: undefined;
    body: undefined;
    reply: GatePlan;
  };
  "GET /api/v1/jobs": {
    path: undefined;
    query: { status?: "" | "queued" | "leased" | "done" | "failed" | "cancelled"; sort?: "created_at" | "-created_at" | "priority" | "-priority" | "kind" | "-kind" | "status" | "-status" | "worker" | "-worker" | "created_by" | "-created_by"; offset?: number; limit?: number };
    body: undefined;
    reply: JobPage;
  };
  "POST /api/v1/jobs": {
    path: undefined;
    query: undefined;
    body: JobRequest;
    reply: JobReply;
  };
  "POST /api/v1/jobs-lease": {
    path: undefined;
    query: undefined;
    body: LeaseRequest;
    reply: LeasedJob | null;
  };
  "GET /api/v1/jobs/{job_id}": {
    path: { job_id: string };
    query: undefined;
    body: undefined;
    reply: JobReply;
  };
  "POST /api/v1/jobs/{job_id}/cancel": {
    path: { job_id: string };
    query: undefined;
    body: undefined;
    reply: JobReply;
  };
  "POST /api/v1/jobs/{job_id}/finish": {
    path: { job_id: string };
    query: undefined;
    body: FinishRequest;
    reply: JobReply;
  };
  "POST /api/v1/jobs/{job_id}/heartbeat": {
    path: { job_id: string };
    query: undefined;
    body: HeartbeatRequest;
    reply: JobReply;
  };
  "GET /api/v1/jobs/{job_id}/logs": {
    path: { job_id: string };
    query: { after?: number };
    body: undefined;
    reply: readonly (LogReply)[];
  };
  "POST /api/v1/jobs/{job_id}/logs": {
    path: { job_id: string };
    query: undefined;
    body: LogRequest;
    reply: undefined;
  };
  "GET /api/v1/labels/export": {
    path: undefined;
    query: { format?: "coco" | "label_studio"; store_id?: string; status?: "labelled" | "waiting"; limit?: number };
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/labels/import": {
    path: undefined;
    query: { format?: "coco" | "label_studio"; preview?: boolean };
    body: Blob;
    reply: LabelImportReply;
  };
  "GET /api/v1/metrics": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/models": {
    path: undefined;
    query: { limit?: number };
    body: undefined;
    reply: readonly (ModelRow)[];
  };
  "POST /api/v1/models": {
    path: undefined;
    query: undefined;
    body: RegisterRequest;
    reply: ModelReply;
  };
  "GET /api/v1/models/{bundle_id}": {
    path: { bundle_id: string };
    query: undefined;
    body: undefined;
    reply: ModelReply;
  };
  "POST /api/v1/models/{bundle_id}/approve": {
    path: { bundle_id: string };
    query: undefined;
    body: DecisionRequest;
    reply: ModelReply;
  };
  "POST /api/v1/models/{bundle_id}/assign": {
    path: { bundle_id: string };
    query: undefined;
    body: AssignRequest;
    reply: AssignReply;
  };
  "GET /api/v1/models/{bundle_id}/files/{sha256}": {
    path: { bundle_id: string; sha256: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "PUT /api/v1/models/{bundle_id}/files/{sha256}": {
    path: { bundle_id: string; sha256: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/models/{bundle_id}/gate": {
    path: { bundle_id: string };
    query: undefined;
    body: GateRequest;
    reply: VerdictReply;
  };
  "POST /api/v1/models/{bundle_id}/gate-jobs": {
    path: { bundle_id: string };
    query: undefined;
    body: GateJobRequest;
    reply: JobReply;
  };
  "GET /api/v1/models/{bundle_id}/manifest": {
    path: { bundle_id: string };
    query: undefined;
    body: undefined;
    reply: BundleManifest;
  };
  "POST /api/v1/models/{bundle_id}/reject": {
    path: { bundle_id: string };
    query: undefined;
    body: DecisionRequest;
    reply: ModelReply;
  };
  "GET /api/v1/monitoring/history": {
    path: undefined;
    query: { place: string; days?: number };
    body: undefined;
    reply: HistoryReply;
  };
  "GET /api/v1/monitoring/insights": {
    path: undefined;
    query: { store_id?: string; days?: number };
    body: undefined;
    reply: InsightsReply;
  };
  "POST /api/v1/monitoring/judge": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: CareReply;
  };
  "POST /api/v1/monitoring/new-past": {
    path: undefined;
    query: undefined;
    body: NewPastRequest;
    reply: undefined;
  };
  "GET /api/v1/monitoring/places": {
    path: undefined;
    query: { kind?: "" | "store" | "camera" | "ring" };
    body: undefined;
    reply: readonly (PlaceReply)[];
  };
  "GET /api/v1/monitoring/service-levels": {
    path: undefined;
    query: { days?: number };
    body: undefined;
    reply: ServiceLevelReply;
  };
  "GET /api/v1/onboarding": {
    path: undefined;
    query: { limit?: number };
    body: undefined;
    reply: readonly (OnboardingRow)[];
  };
  "POST /api/v1/onboarding": {
    path: undefined;
    query: undefined;
    body: BeginRequest;
    reply: OnboardingReply;
  };
  "POST /api/v1/onboarding-publish": {
    path: undefined;
    query: undefined;
    body: PublishManyRequest;
    reply: PublishReply;
  };
  "GET /api/v1/onboarding/{onboarding_id}": {
    path: { onboarding_id: string };
    query: { channel?: string };
    body: undefined;
    reply: OnboardingReply;
  };
  "POST /api/v1/onboarding/{onboarding_id}/photos": {
    path: { onboarding_id: string };
    query: { side?: "front" | "back" | "left" | "right" | "top" | "bottom" };
    body: Blob;
    reply: OnboardingReply;
  };
  "GET /api/v1/onboarding/{onboarding_id}/photos/{photo_id}": {
    path: { onboarding_id: string; photo_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "DELETE /api/v1/onboarding/{onboarding_id}/photos/{photo_id}": {
    path: { onboarding_id: string; photo_id: string };
    query: undefined;
    body: undefined;
    reply: OnboardingReply;
  };
  "GET /api/v1/onboarding/{onboarding_id}/photos/{photo_id}/crop": {
    path: { onboarding_id: string; photo_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/onboarding/{onboarding_id}/publish": {
    path: { onboarding_id: string };
    query: undefined;
    body: trainer__hub__onboarding_api__PublishRequest;
    reply: PublishReply;
  };
  "GET /api/v1/permissions": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: Readonly<Record<string, readonly (Role)[]>>;
  };
  "PUT /api/v1/photo-archives/{sha256}": {
    path: { sha256: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/photo-archives/{sha256}/import": {
    path: { sha256: string };
    query: { preview?: boolean; start?: number };
    body: undefined;
    reply: ArchiveReply;
  };
  "GET /api/v1/provenance/baskets/{basket_id}/lines/{line_no}": {
    path: { basket_id: string; line_no: number };
    query: { limit?: number };
    body: undefined;
    reply: WhyReply;
  };
  "GET /api/v1/provenance/pictures/{picture}": {
    path: { picture: string };
    query: undefined;
    body: undefined;
    reply: SeenReply;
  };
  "GET /api/v1/provenance/reviewers/{reviewer}": {
    path: { reviewer: string };
    query: undefined;
    body: undefined;
    reply: SeenReply;
  };
  "GET /api/v1/review/queue": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: QueueReply;
  };
  "GET /api/v1/review/stats": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (StatsReply)[];
  };
  "GET /api/v1/review/stats/mine": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: StatsReply;
  };
  "POST /api/v1/review/undo": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: UndoReply;
  };
  "GET /api/v1/rollouts": {
    path: undefined;
    query: { limit?: number };
    body: undefined;
    reply: readonly (RolloutRow)[];
  };
  "POST /api/v1/rollouts": {
    path: undefined;
    query: undefined;
    body: RolloutStartRequest;
    reply: RolloutReply;
  };
  "GET /api/v1/rollouts/{rollout_id}": {
    path: { rollout_id: number };
    query: undefined;
    body: undefined;
    reply: RolloutReply;
  };
  "GET /api/v1/rollouts/{rollout_id}/boxes": {
    path: { rollout_id: number };
    query: { ring?: string; step?: "" | "offered" | "fetched" | "held" | "refused" | "swapped" | "confirmed" | "rolled_back"; offset?: number; limit?: number };
    body: undefined;
    reply: BoxProgressPage;
  };
  "POST /api/v1/rollouts/{rollout_id}/hold": {
    path: { rollout_id: number };
    query: undefined;
    body: RolloutOrderRequest;
    reply: RolloutReply;
  };
  "POST /api/v1/rollouts/{rollout_id}/next": {
    path: { rollout_id: number };
    query: undefined;
    body: RolloutOrderRequest;
    reply: RolloutReply;
  };
  "POST /api/v1/rollouts/{rollout_id}/resume": {
    path: { rollout_id: number };
    query: undefined;
    body: RolloutOrderRequest;
    reply: RolloutReply;
  };
  "POST /api/v1/rollouts/{rollout_id}/withdraw": {
    path: { rollout_id: number };
    query: undefined;
    body: RolloutOrderRequest;
    reply: RolloutReply;
  };
  "GET /api/v1/runs": {
    path: undefined;
    query: { status?: "" | "draft" | "queued" | "running" | "done" | "failed" | "cancelled"; q?: string; tag?: string; sort?: "created_at" | "-created_at" | "name" | "-name" | "status" | "-status" | "kind" | "-kind" | "finished_at" | "-finished_at"; offset?: number; limit?: number };
    body: undefined;
    reply: RunPage;
  };
  "POST /api/v1/runs": {
    path: undefined;
    query: undefined;
    body: RunRequest;
    reply: RunReply;
  };
  "GET /api/v1/runs/{run_id}": {
    path: { run_id: string };
    query: undefined;
    body: undefined;
    reply: RunReply;
  };
  "PATCH /api/v1/runs/{run_id}": {
    path: { run_id: string };
    query: undefined;
    body: EditRequest;
    reply: RunReply;
  };
  "POST /api/v1/runs/{run_id}/clone": {
    path: { run_id: string };
    query: undefined;
    body: trainer__hub__run_api__CloneRequest;
    reply: RunReply;
  };
  "GET /api/v1/runs/{run_id}/compare/{other_id}": {
    path: { run_id: string; other_id: string };
    query: undefined;
    body: undefined;
    reply: CompareReply;
  };
  "POST /api/v1/runs/{run_id}/enqueue": {
    path: { run_id: string };
    query: undefined;
    body: EnqueueRequest;
    reply: EnqueuedReply;
  };
  "POST /api/v1/runs/{run_id}/files": {
    path: { run_id: string };
    query: undefined;
    body: FileRequest;
    reply: undefined;
  };
  "POST /api/v1/runs/{run_id}/finish": {
    path: { run_id: string };
    query: undefined;
    body: FinishRunRequest;
    reply: RunReply;
  };
  "GET /api/v1/runs/{run_id}/scalars": {
    path: { run_id: string };
    query: undefined;
    body: undefined;
    reply: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  };
  "POST /api/v1/runs/{run_id}/scalars": {
    path: { run_id: string };
    query: undefined;
    body: PointsRequest;
    reply: undefined;
  };
  "POST /api/v1/runs/{run_id}/start": {
    path: { run_id: string };
    query: undefined;
    body: StartRequest;
    reply: RunReply;
  };
  "GET /api/v1/session": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: SessionReply;
  };
  "POST /api/v1/session": {
    path: undefined;
    query: undefined;
    body: LoginRequest;
    reply: SessionReply;
  };
  "DELETE /api/v1/session": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/session/password": {
    path: undefined;
    query: undefined;
    body: PasswordChange;
    reply: undefined;
  };
  "GET /api/v1/skus": {
    path: undefined;
    query: { q?: string; category?: string; family?: string; unit?: "" | "each" | "kg"; tax_class?: string; status?: "" | "active" | "retired"; store_id?: string; missing?: "" | "gtin" | "picture" | "weight" | "category"; sort?: "sku_id" | "name" | "gtin" | "category" | "updated_at"; order?: "asc" | "desc"; offset?: number; limit?: number };
    body: undefined;
    reply: SkuPage;
  };
  "POST /api/v1/skus": {
    path: undefined;
    query: undefined;
    body: CatalogueSku;
    reply: SkuReply;
  };
  "GET /api/v1/skus-export": {
    path: undefined;
    query: { format?: "csv" | "json" };
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/skus-import": {
    path: undefined;
    query: { format?: "csv" | "json"; preview?: boolean };
    body: Blob;
    reply: ImportReply;
  };
  "GET /api/v1/skus/{sku_id}": {
    path: { sku_id: string };
    query: undefined;
    body: undefined;
    reply: SkuDetail;
  };
  "PUT /api/v1/skus/{sku_id}": {
    path: { sku_id: string };
    query: { version: number };
    body: CatalogueSku;
    reply: SkuReply;
  };
  "DELETE /api/v1/skus/{sku_id}": {
    path: { sku_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/skus/{sku_id}/history": {
    path: { sku_id: string };
    query: { limit?: number };
    body: undefined;
    reply: readonly (Readonly<Record<string, unknown>>)[];
  };
  "GET /api/v1/skus/{sku_id}/picture": {
    path: { sku_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "PUT /api/v1/skus/{sku_id}/picture": {
    path: { sku_id: string };
    query: undefined;
    body: Blob;
    reply: undefined;
  };
  "POST /api/v1/skus/{sku_id}/restore": {
    path: { sku_id: string };
    query: undefined;
    body: undefined;
    reply: SkuReply;
  };
  "GET /api/v1/stores": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (StoreReply)[];
  };
  "POST /api/v1/stores": {
    path: undefined;
    query: undefined;
    body: StoreRequest;
    reply: StoreReply;
  };
  "GET /api/v1/stores/{store_id}": {
    path: { store_id: string };
    query: undefined;
    body: undefined;
    reply: StoreReply;
  };
  "PATCH /api/v1/stores/{store_id}": {
    path: { store_id: string };
    query: undefined;
    body: StoreChange;
    reply: StoreReply;
  };
  "POST /api/v1/stores/{store_id}/clone": {
    path: { store_id: string };
    query: undefined;
    body: trainer__hub__store_api__CloneRequest;
    reply: StoreReply;
  };
  "POST /api/v1/stores/{store_id}/forget": {
    path: { store_id: string };
    query: undefined;
    body: ForgetRequest;
    reply: ForgetReply;
  };
  "GET /api/v1/stores/{store_id}/margins": {
    path: { store_id: string };
    query: undefined;
    body: undefined;
    reply: StoreMarginsReply;
  };
  "PUT /api/v1/stores/{store_id}/margins": {
    path: { store_id: string };
    query: undefined;
    body: MarginSwitch;
    reply: StoreMarginsReply;
  };
  "POST /api/v1/stores/{store_id}/margins/compute": {
    path: { store_id: string };
    query: undefined;
    body: undefined;
    reply: StoreMarginsReply;
  };
  "GET /api/v1/stores/{store_id}/price-list": {
    path: { store_id: string };
    query: undefined;
    body: undefined;
    reply: PriceListReply;
  };
  "POST /api/v1/stores/{store_id}/price-list/publish": {
    path: { store_id: string };
    query: undefined;
    body: trainer__hub__price_api__PublishRequest;
    reply: PublicationReply;
  };
  "GET /api/v1/stores/{store_id}/prices": {
    path: { store_id: string };
    query: { q?: string; offset?: number; limit?: number };
    body: undefined;
    reply: PricePage;
  };
  "GET /api/v1/stores/{store_id}/prices-export": {
    path: { store_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/stores/{store_id}/prices-import": {
    path: { store_id: string };
    query: { preview?: boolean };
    body: Blob;
    reply: PriceImportReply;
  };
  "PUT /api/v1/stores/{store_id}/prices/{sku_id}": {
    path: { store_id: string; sku_id: string };
    query: undefined;
    body: PriceRequest;
    reply: undefined;
  };
  "GET /api/v1/stores/{store_id}/promotions": {
    path: { store_id: string };
    query: undefined;
    body: undefined;
    reply: readonly (Promotion)[];
  };
  "POST /api/v1/stores/{store_id}/promotions": {
    path: { store_id: string };
    query: undefined;
    body: PromotionRequest;
    reply: Promotion;
  };
  "DELETE /api/v1/stores/{store_id}/promotions/{promotion_id}": {
    path: { store_id: string; promotion_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/triggers": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (TriggerReply)[];
  };
  "POST /api/v1/triggers": {
    path: undefined;
    query: undefined;
    body: TriggerRequest;
    reply: NewTriggerReply;
  };
  "GET /api/v1/triggers/{trigger_id}": {
    path: { trigger_id: string };
    query: undefined;
    body: undefined;
    reply: TriggerReply;
  };
  "PATCH /api/v1/triggers/{trigger_id}": {
    path: { trigger_id: string };
    query: undefined;
    body: TriggerPatch;
    reply: TriggerReply;
  };
  "DELETE /api/v1/triggers/{trigger_id}": {
    path: { trigger_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/triggers/{trigger_id}/fire": {
    path: { trigger_id: string };
    query: undefined;
    body: FireRequest;
    reply: FiredReply;
  };
  "GET /api/v1/triggers/{trigger_id}/firings": {
    path: { trigger_id: string };
    query: undefined;
    body: undefined;
    reply: readonly (FiringReply)[];
  };
  "GET /api/v1/weak-labels": {
    path: undefined;
    query: { status?: "" | "accepted" | "blocked"; source?: "" | "shopper" | "barcode"; after?: number; limit?: number };
    body: undefined;
    reply: WeakPage;
  };
  "POST /api/v1/weak-labels/vet": {
    path: undefined;
    query: undefined;
    body: VetRequest;
    reply: VetReply;
  };
  "GET /api/v1/webhooks": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (WebhookReply)[];
  };
  "POST /api/v1/webhooks": {
    path: undefined;
    query: undefined;
    body: WebhookRequest;
    reply: NewWebhookReply;
  };
  "DELETE /api/v1/webhooks/{webhook_id}": {
    path: { webhook_id: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
  "GET /api/v1/webhooks/{webhook_id}/deliveries": {
    path: { webhook_id: string };
    query: undefined;
    body: undefined;
    reply: readonly (DeliveryReply)[];
  };
  "POST /api/v1/webhooks/{webhook_id}/test": {
    path: { webhook_id: string };
    query: undefined;
    body: undefined;
    reply: readonly (DeliveryReply)[];
  };
  "GET /api/v1/workers": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (WorkerReply)[];
  };
  "GET /health": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: Readonly<Record<string, string>>;
  };
  "POST /v1/hooks/push/{trigger_id}": {
    path: { trigger_id: string };
    query: undefined;
    body: undefined;
    reply: FiredReply;
  };
  "GET /v1/operator/audit": {
    path: undefined;
    query: { limit?: number };
    body: undefined;
    reply: readonly (Readonly<Record<string, unknown>>)[];
  };
  "GET /v1/operator/boxes": {
    path: undefined;
    query: { status?: "" | "pending" | "enrolled" | "revoked" | "quarantined"; after?: string; limit?: number };
    body: undefined;
    reply: readonly (Readonly<Record<string, unknown>>)[];
  };
  "POST /v1/operator/boxes/{box_id}/accept": {
    path: { box_id: string };
    query: undefined;
    body: AcceptRequest;
    reply: Readonly<Record<string, string>>;
  };
  "POST /v1/operator/boxes/{box_id}/commands": {
    path: { box_id: string };
    query: undefined;
    body: CommandRequest;
    reply: Readonly<Record<string, string>>;
  };
  "POST /v1/operator/boxes/{box_id}/replace": {
    path: { box_id: string };
    query: undefined;
    body: undefined;
    reply: Readonly<Record<string, string>>;
  };
  "POST /v1/operator/boxes/{box_id}/status": {
    path: { box_id: string };
    query: undefined;
    body: StatusRequest;
    reply: Readonly<Record<string, string>>;
  };
  "POST /v1/operator/claim-codes": {
    path: undefined;
    query: undefined;
    body: ClaimCodeRequest;
    reply: Readonly<Record<string, string>>;
  };
  "GET /v1/operator/tokens": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: readonly (TokenReply)[];
  };
  "POST /v1/operator/tokens": {
    path: undefined;
    query: undefined;
    body: TokenRequest;
    reply: Readonly<Record<string, string>>;
  };
  "DELETE /v1/operator/tokens/{name}": {
    path: { name: string };
    query: undefined;
    body: undefined;
    reply: undefined;
  };
}
