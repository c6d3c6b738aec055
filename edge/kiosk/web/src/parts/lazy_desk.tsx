// Fetches the staff's screens when they are first needed; says so when they cannot be had.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { closeSheet, showToast } from "../state.ts";
import { t } from "../texts.ts";

type Screens = typeof import("../screens/desk_screens.tsx");

const screens = signal<Screens | undefined>(undefined);

export function LazyDesk({ part }: { part: "DeskSheet" | "HandheldScreen" }) {
  useEffect(() => void fetchScreens(), []);
  const Part = screens.value?.[part];
  return Part ? <Part /> : null;
}

async function fetchScreens(): Promise<void> {
  try {
    screens.value ??= await import("../screens/desk_screens.tsx");
  } catch {
    closeSheet();
    showToast(t("error_not_sent"));
  }
}
