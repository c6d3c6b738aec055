// What every answer of the hub has in common, beside the generated routes.

export type { Routes } from "./api_types.ts";

/** Every refusal: a stable code, what is wrong, what to do (sync/protocol.py). */
export interface ErrorReply {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}
