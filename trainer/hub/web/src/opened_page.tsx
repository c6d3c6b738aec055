// A page whose program comes when it is opened: bars until then, a way on where it cannot be fetched.

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import type { LoadOf } from "./navigation.ts";
import { Waiting } from "./parts/page.tsx";
import { focusHeading } from "./router.ts";
import { t } from "./texts.ts";

/** By its row's loader: the page, or null where it could not be fetched. */
const opened = signal<ReadonlyMap<unknown, unknown>>(new Map());

/** Fetch a page's program ahead of its opening; a second call costs nothing. */
export async function openPage<P>(load: LoadOf<ComponentType<P>>): Promise<void> {
  if (opened.value.get(load)) return;
  let found: ComponentType<P> | null;
  try {
    found = await load();
  } catch {
    found = null; // the hub is away, or was renewed and sends files of other names
  }
  opened.value = new Map(opened.value).set(load, found);
}

export function OpenedPage<P extends object>({ load, with: properties }: { load: LoadOf<ComponentType<P>>; with: P }) {
  useEffect(() => void openPage(load), [load]);
  const Found = opened.value.get(load) as ComponentType<P> | null | undefined;
  useEffect(focusHeading, [Found]);
  if (Found === undefined) return <Waiting />;
  if (Found === null) {
    return (
      <EmptyState icon="refresh" title={t("page_gone")}>
        <p>{t("page_gone_hint")}</p>
        <Button kind="main" icon="refresh" onPress={() => location.reload()}>
          {t("load_again")}
        </Button>
      </EmptyState>
    );
  }
  return <Found {...properties} />;
}
