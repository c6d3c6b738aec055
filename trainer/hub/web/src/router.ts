// Addresses of the dashboard: the path names the page, the query its filters. No library.

import { computed, signal } from "@preact/signals";

let isHeadingWanted = false;
const here = signal(location.pathname + location.search);

export interface Place {
  readonly page: string;
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
}

export const place = computed<Place>(() => {
  const url = new URL(here.value, location.origin);
  const [page = "", ...rest] = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  return { page: page || "overview", rest, query: url.searchParams };
});

export function go(path: string): void {
  if (path === here.value) return;
  history.pushState(null, "", path);
  here.value = path;
  window.scrollTo(0, 0);
  isHeadingWanted = true;
  requestAnimationFrame(focusHeading);
}

/** After a way to another page, its heading has the focus: keys belong to the page, not to the link. */
export function focusHeading(): void {
  const heading = document.querySelector<HTMLElement>("main h1");
  if (!isHeadingWanted || !heading) return; // a page whose program is still on its way calls again
  isHeadingWanted = false;
  if (!document.activeElement?.closest("main")) heading.focus();
}

/** Change one part of the query in place: filters survive a reload and can be sent to a colleague. */
export function setQuery(changes: Readonly<Record<string, string>>): void {
  const url = new URL(here.value, location.origin);
  for (const [name, value] of Object.entries(changes)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  const path = url.pathname + url.search;
  history.replaceState(null, "", path);
  here.value = path;
}

/** Links of the page change the address without loading it again. */
export function followLinks(): void {
  window.addEventListener("popstate", () => {
    here.value = location.pathname + location.search;
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname.startsWith("/v1/") || link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
