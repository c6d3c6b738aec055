// Who is signed in. The cookie is the browser's; this keeps only what the page may know of it.

import { computed, signal } from "@preact/signals";
import type { SessionReply } from "./api_types.ts";

/** `undefined` until the hub has answered once. */
export const session = signal<SessionReply | null | undefined>(undefined);
export const csrfToken = computed(() => session.value?.csrf_token ?? "");

export function forgetSession(): void {
  if (session.value !== undefined) session.value = null;
}

/** Whether this person may do something; the hub checks again on every request. */
export function may(permission: string): boolean {
  return session.value?.permissions.includes(permission) ?? false;
}
