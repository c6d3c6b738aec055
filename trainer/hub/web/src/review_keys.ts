// The keyboard of the review page: one key per decision, none while a field or a sheet has the focus.

export interface ReviewKeys {
  choose(index: number): void;
  send(): void;
  notAnItem(): void;
  unknown(): void;
  move(by: number): void;
  camera(by: number): void;
  draw(): void;
  erase(): void;
  split(): void;
  merge(): void;
  search(): void;
  skip(): void;
  undo(): void;
}

const NUM_CANDIDATES = 5;

export function listenToKeys(keys: ReviewKeys): () => void {
  const actions: Readonly<Record<string, () => void>> = {
    Enter: () => keys.send(),
    x: () => keys.notAnItem(),
    u: () => keys.unknown(),
    ArrowRight: () => keys.move(1),
    ArrowDown: () => keys.move(1),
    ArrowLeft: () => keys.move(-1),
    ArrowUp: () => keys.move(-1),
    "]": () => keys.camera(1),
    "[": () => keys.camera(-1),
    n: () => keys.draw(),
    Delete: () => keys.erase(),
    Backspace: () => keys.erase(),
    c: () => keys.split(),
    m: () => keys.merge(),
    "/": () => keys.search(),
    s: () => keys.skip(),
    z: () => keys.undo(),
  };
  function hear(event: KeyboardEvent): void {
    if (event.altKey || (event.ctrlKey && event.key !== "z") || event.metaKey || isElsewhere(event)) return;
    const number = Number(event.key);
    const action = number >= 1 && number <= NUM_CANDIDATES ? () => keys.choose(number - 1) : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
  window.addEventListener("keydown", hear);
  return () => window.removeEventListener("keydown", hear);
}

function isElsewhere(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("input, textarea, select, dialog")) return true;
  return event.key === "Enter" && target?.closest("a, button") != null;
}
