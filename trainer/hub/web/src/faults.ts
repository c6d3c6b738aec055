// A refusal in words a person can act on.

import { ApiError } from "./api.ts";
import { has, t } from "./texts.ts";

export function faultText(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  const key = `fault_${error.code.replaceAll(".", "_")}`;
  if (has(key)) return t(key);
  return [error.message, error.hint].filter(Boolean).join(". ") || t("fault_other", { code: error.code });
}
