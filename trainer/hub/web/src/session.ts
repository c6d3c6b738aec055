// Signing in and out.

import { ApiError, ask } from "./api.ts";
import { go } from "./router.ts";
import { session } from "./session_state.ts";

export async function findSession(): Promise<void> {
  try {
    session.value = await ask("GET /api/v1/session");
  } catch (error) {
    if (error instanceof ApiError && error.code === "hub.unreachable") setTimeout(findSession, 2_000);
    else session.value = null;
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  session.value = await ask("POST /api/v1/session", { body: { name, password } });
}

export async function signOut(): Promise<void> {
  await ask("DELETE /api/v1/session");
  session.value = null;
  go("/"); // whoever signs in next begins at the overview, not on this person's page
}
