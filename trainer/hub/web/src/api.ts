// Requests to the hub, typed by its own OpenAPI document. Knows the CSRF token, knows no page.

import type { ErrorReply, Routes } from "./api_contract.ts";
import { csrfToken, forgetSession } from "./session_state.ts";

export type Route = keyof Routes;
export type Reply<K extends Route> = Routes[K]["reply"];

type Part<K extends Route, P extends "path" | "query" | "body"> = undefined extends Routes[K][P]
  ? { [N in P]?: undefined }
  : { [N in P]: Routes[K][P] };
export type Wanted<K extends Route> = Part<K, "path"> & Partial<Pick<Routes[K], "query">> & Part<K, "body">;

/** A refusal of the hub, or no answer at all: stable code, what is wrong, what to do. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint = "",
    readonly status = 0,
  ) {
    super(message);
  }
}

interface Sent {
  path?: Readonly<Record<string, unknown>> | undefined;
  query?: Readonly<Record<string, unknown>> | undefined;
  body?: unknown;
}

export async function ask<K extends Route>(
  route: K,
  ...[wanted, stop]: {} extends Wanted<K> ? [Wanted<K>?, AbortSignal?] : [Wanted<K>, AbortSignal?]
): Promise<Reply<K>> {
  const { path, query, body } = (wanted ?? {}) as Sent;
  const [method = "GET", template = "/"] = route.split(" ");
  const answer = await send(method, address(template, path, query), body, stop);
  if (!answer.ok) throw await refusal(answer);
  if (answer.status === 204) return undefined as Reply<K>;
  return (await answer.json()) as Reply<K>;
}

/** The address of a route that answers with a file: for pictures and downloads. */
export function address(
  template: string,
  path: Readonly<Record<string, unknown>> = {},
  query: Readonly<Record<string, unknown>> = {},
): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "" && value !== null) search.set(name, String(value));
  }
  const tail = search.toString();
  return tail ? `${filled}?${tail}` : filled;
}

async function send(method: string, url: string, body: unknown, stop?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  if (method !== "GET" && csrfToken.value) headers["X-CSRF-Token"] = csrfToken.value;
  const isRaw = body instanceof Blob || body instanceof FormData;
  if (body !== undefined && !isRaw) headers["Content-Type"] = "application/json";
  const content = body === undefined ? null : isRaw ? body : JSON.stringify(body);
  try {
    return await fetch(url, { method, headers, body: content, signal: stop ?? null, credentials: "same-origin" });
  } catch (error) {
    if (stop?.aborted) throw error;
    throw new ApiError("hub.unreachable", "", "");
  }
}

async function refusal(answer: Response): Promise<ApiError> {
  const told = (await answer.json().catch(() => ({}))) as Partial<ErrorReply> & { detail?: unknown };
  const error = new ApiError(told.code ?? `http.${answer.status}`, told.message ?? "", told.hint ?? "", answer.status);
  if (answer.status === 401 && error.code !== "login.refused") forgetSession();
  return error;
}
