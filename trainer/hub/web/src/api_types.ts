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

/** A camera as its box sees it. */
export interface CameraLine {
  readonly camera: string;
  readonly state?: string;
  readonly reason?: string;
  readonly quality?: number | null;
  readonly fps?: number | null;
}

/** For one box; an empty name lets the installer choose. */
export interface ClaimCodeRequest {
  readonly box_id?: string;
  readonly store_id?: string | null;
  readonly ring?: string;
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

/** Name and password. */
export interface LoginRequest {
  readonly name: string;
  readonly password: string;
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

/** A duty; permissions.py says what it allows. */
export type Role = "viewer" | "reviewer" | "trainer" | "approver" | "operator" | "admin";

/** Who is logged in and what they may do. */
export interface SessionReply {
  readonly name: string;
  readonly display_name: string;
  readonly roles: readonly (Role)[];
  readonly permissions: readonly (string)[];
  readonly csrf_token: string;
  readonly expires_at: string;
}

/** Revoke a box, or let one back in after a person looked. */
export interface StatusRequest {
  readonly status: "enrolled" | "revoked";
  readonly reason: string;
}

/** A token for a person or a worker. */
export interface TokenRequest {
  readonly name: string;
  readonly role: Role;
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
  "GET /api/v1/fleet/overview": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: OverviewReply;
  };
  "GET /api/v1/permissions": {
    path: undefined;
    query: undefined;
    body: undefined;
    reply: Readonly<Record<string, readonly (Role)[]>>;
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
