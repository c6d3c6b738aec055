// The frame of one page: its name, its actions, and what stands there while or when nothing came.

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Banner } from "@tillsight/web-shared/banner.tsx";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { faultText } from "../faults.ts";
import type { Resource } from "../resource.ts";
import { t } from "../texts.ts";

interface PageProps {
  title: string;
  note?: ComponentChildren;
  back?: { href: string; label: string };
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function Page({ title, note, back, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Tillsight`;
  }, [title]);
  return (
    <div class="page">
      <header class="page-head">
        <div>
          {back && (
            <a class="crumb" href={back.href}>
              <Icon name="back" size="1.1em" />
              {back.label}
            </a>
          )}
          <h1 tabIndex={-1}>{title}</h1>
          {note && <p class="hint">{note}</p>}
        </div>
        {actions && <div class="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Shows what came; before that, grey bars; when it failed, why and "try again". */
export function Loaded<T>({ from, children }: { from: Resource<T>; children: (value: T) => ComponentChildren }) {
  return (
    <>
      {from.error && (
        <Banner tone="serious" title={t("could_not_load")}>
          <p>{faultText(from.error)}</p>
          <Button size="normal" onPress={from.reload}>
            {t("try_again")}
          </Button>
        </Banner>
      )}
      {from.value !== undefined ? children(from.value) : !from.error && <Waiting />}
    </>
  );
}

export function Waiting({ lines = 4 }: { lines?: number }) {
  return (
    <div class="waiting" role="status" aria-label={t("loading")}>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} />
      ))}
    </div>
  );
}
