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
  readonly verdict_id: number | null;
  readonly by: string;
  readonly at: string;
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

/** An SKU of the catalogue that the galleries do not know. */
export interface BeginRequest {
  readonly sku_id: string;
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
  readonly role: "detector" | "embedder" | "whitening" | "gallery" | "thresholds" | "catalog" | "prices" | "picture" | "golden" | "model_card" | "verdict";
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

/** A camera as its box sees it. */
export interface CameraLine {
  readonly camera: string;
  readonly state?: string;
  readonly reason?: string;
  readonly quality?: number | null;
  readonly fps?: number | null;
  readonly has_picture?: boolean;
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

/** For one box; an empty name lets the installer choose. */
export interface ClaimCodeRequest {
  readonly box_id?: string;
  readonly store_id?: string | null;
  readonly ring?: string;
}

/** A new store like another. */
export interface CloneRequest {
  readonly store_id: string;
  readonly name: string;
  readonly with_prices?: boolean;
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
  readonly kind: "restart" | "logs" | "support_bundle" | "drop_candidate" | "rollback";
}

/** Why. */
export interface DecisionRequest {
  readonly note: string;
}

/** The end of a job. */
export interface FinishRequest {
  readonly lease_id: string;
  readonly status: "done" | "failed" | "cancelled";
  readonly message?: string;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** What is gone. */
export interface ForgottenReply {
  readonly num_blobs: number;
}

/** The same blind recordings replayed with champion and candidate. */
export interface GateRequest {
  readonly champion: ReplayResult;
  readonly candidate: ReplayResult;
  readonly policy?: "production" | "demo";
  readonly clusters?: Readonly<Record<string, string>>;
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

/** A box with its candidates, best first. */
export interface ItemReply {
  readonly item_id: string;
  readonly xyxy: readonly [number, number, number, number];
  readonly answered: string;
  readonly candidates: readonly (CandidateReply)[];
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

/** Which cases not to be given, such as those skipped a moment ago. */
export interface NextRequest {
  readonly exclude?: readonly (string)[];
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

/** Parameters of sync/preprocess.py that these models were trained with; whole numbers only. */
export interface Preprocess {
  readonly detector_px: number;
  readonly detector_height_px?: number | null;
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

/** How many cases have each status. */
export interface QueueReply {
  readonly new: number;
  readonly second: number;
  readonly disputed: number;
  readonly labelled: number;
  readonly skipped: number;
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

/** A duty; role_permissions.py says what it allows. */
export type Role = "viewer" | "reviewer" | "trainer" | "approver" | "operator" | "admin";

/** One box on one day, in counts. */
export interface SalesRow {
  readonly box_id: string;
  readonly day: string;
  readonly num_baskets: number;
  readonly num_asks: number;
  readonly pieces: Readonly<Record<string, number>>;
  readonly by_origin: Readonly<Record<string, number>>;
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

/** Who is logged in and what they may do. */
export interface SessionReply {
  readonly name: string;
  readonly display_name: string;
  readonly roles: readonly (Role)[];
  readonly permissions: readonly (string)[];
  readonly csrf_token: string;
  readonly expires_at: string;
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
}

/** A token for a person or a worker. */
export interface TokenRequest {
  readonly name: string;
  readonly role: Role;
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

/** What is wrong with one row. */
export interface trainer__hub__sku_exchange_api__ProblemReply {
  readonly line: number;
  readonly sku_id: string;
  readonly message: string;
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
  "GET /api/v1/audit": {
    path: undefined;
    query: { subject?: string; actor?: string; action?: string; before?: number; limit?: number };
    body: undefined;
    reply: readonly (Readonly<Record<string, unknown>>)[];
  };
  "DELETE /api/v1/baskets/{basket_id}/pictures": {
    path: { basket_id: string };
    query: undefined;
    body: undefined;
    reply: ForgottenReply;
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
  "GET /api/v1/fleet/boxes": {
    path: undefined;
    query: { q?: string; status?: "" | "pending" | "enrolled" | "revoked" | "quarantined" | "replaced"; health?: "" | "ok" | "degraded" | "failed" | "silent"; offset?: number; limit?: number };
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
  "GET /api/v1/jobs": {
    path: undefined;
    query: { status?: "" | "queued" | "leased" | "done" | "failed" | "cancelled"; offset?: number; limit?: number };
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
    query: { format?: "coco" | "label_studio"; store_id?: string };
    body: undefined;
    reply: undefined;
  };
  "POST /api/v1/labels/import": {
    path: undefined;
    query: { format?: "coco" | "label_studio"; preview?: boolean };
    body: Blob;
    reply: LabelImportReply;
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
  "POST /api/v1/models/{bundle_id}/gate": {
    path: { bundle_id: string };
    query: undefined;
    body: GateRequest;
    reply: VerdictReply;
  };
  "POST /api/v1/models/{bundle_id}/reject": {
    path: { bundle_id: string };
    query: undefined;
    body: DecisionRequest;
    reply: ModelReply;
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
    body: CloneRequest;
    reply: StoreReply;
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
  "GET /health": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: Readonly<Record<string, string>>;
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
