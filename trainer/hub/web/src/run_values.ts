// Documents of runs as places and values: flattened, compared over several runs, typed in again.

export type Document = Readonly<Record<string, unknown>>;

export interface Difference {
  readonly place: string;
  /** One per document; undefined where it has nothing there. */
  readonly values: readonly (string | undefined)[];
}

export function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `{fit: {path: "fast"}}` as `fit.path` -> "fast"; lists and empty documents are one value. */
export function flattened(document: Document, prefix = ""): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, value] of Object.entries(document)) {
    const place = prefix + name;
    if (isDocument(value) && Object.keys(value).length) flattened(value, `${place}.`).forEach((v, k) => found.set(k, v));
    else found.set(place, value);
  }
  return found;
}

export function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Every place of the documents in order; with `onlyChanged`, where not all are the same. */
export function differences(documents: readonly Document[], onlyChanged = true): readonly Difference[] {
  const flat = documents.map((document) => flattened(document));
  const places = [...new Set(flat.flatMap((one) => [...one.keys()]))].sort();
  return places
    .map((place) => ({ place, values: flat.map((one) => (one.has(place) ? valueText(one.get(place)) : undefined)) }))
    .filter(({ values }) => !onlyChanged || values.some((value) => value !== values[0]));
}

/** Packages of an environment, `name==version` each, as a document. */
export function packagesOf(capture: Document): Document {
  const lines = Array.isArray(capture["packages"]) ? capture["packages"].map(String) : [];
  return Object.fromEntries(lines.map((line) => [line.split("==")[0]?.replaceAll(".", "_") ?? line, line.split("==")[1] ?? ""]));
}

/** What was typed for a place that held `before`: words stay words, all else is read as JSON; undefined: it cannot be. */
export function typedValue(text: string, before: unknown): { readonly value: unknown } | undefined {
  if (typeof before === "string") return { value: text };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return before === undefined ? { value: text } : undefined;
  }
}

/** A document again, from the places it was flattened to; names of `original` that hold dots stay whole. */
export function withValues(original: Document, values: ReadonlyMap<string, unknown>, prefix = ""): Document {
  const made: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(original)) {
    const place = prefix + name;
    if (isDocument(value) && Object.keys(value).length) made[name] = withValues(value, values, `${place}.`);
    else made[name] = values.has(place) ? values.get(place) : value;
  }
  return made;
}
