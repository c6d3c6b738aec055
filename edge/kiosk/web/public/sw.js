// The kiosk's shell: the page itself opens without a server and heals when the server is back.
// Only the page and its hashed files are kept; baskets, pictures and prices never are.
const SHELL = "shell-1";
const PATIENCE_MS = 3000; // a server that hangs is as good as none

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

async function keepShell() {
  const cache = await caches.open(SHELL);
  const answer = await fetch("/");
  if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
  const html = await answer.clone().text();
  await cache.put("/", answer);
  await cache.addAll([...new Set(html.match(/\/assets\/[\w.-]+|\/icon\.svg/g))]);
}

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === "/" && !url.searchParams.has("token")) event.respondWith(page(event.request));
  else if (url.pathname.startsWith("/assets/") || url.pathname === "/icon.svg") event.respondWith(asset(event));
});

async function page(request) {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok) {
      const html = await answer.clone().text();
      await cache.put("/", answer.clone());
      await forgetOldFiles(cache, html);
    }
    return answer;
  } catch {
    return (await cache.match("/")) ?? Response.error();
  }
}

async function asset(event) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(event.request);
  if (kept) return kept;
  const answer = await fetch(event.request);
  if (answer.ok) await cache.put(event.request, answer.clone());
  return answer;
}

// A new build has new names; the entry script names the rest, so everything else may go.
async function forgetOldFiles(cache, html) {
  const entry = /\/assets\/[\w.-]+\.js/.exec(html)?.[0];
  if (!entry || (await cache.match(entry))) return;
  for (const request of await cache.keys()) {
    if (new URL(request.url).pathname.startsWith("/assets/")) await cache.delete(request);
  }
}
