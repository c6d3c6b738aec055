// Texts from message files: one JSON object per language, English as the fallback of every key.
// `{name}` is replaced; a key with `count` picks `key_one`, `key_few`, ... by the language's rules.

import { computed, signal, type ReadonlySignal } from "@preact/signals";

export type Messages = Readonly<Record<string, string>>;
export type Parameters = Readonly<Record<string, string | number>>;
export type Loader = () => Promise<{ default: Messages }>;

export interface Translator {
  readonly language: ReadonlySignal<string>;
  readonly direction: ReadonlySignal<"ltr" | "rtl">;
  t(key: string, parameters?: Parameters): string;
  has(key: string): boolean;
  choose(language: string): Promise<void>;
}

const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

export function createTranslator(english: Messages, loaders: Record<string, Loader>): Translator {
  const language = signal("en");
  const messages = signal<Messages>(english);
  const plurals = computed(() => new Intl.PluralRules(language.value));
  const numbers = computed(() => new Intl.NumberFormat(numberLocale(language.value)));

  function find(key: string): string | undefined {
    return messages.value[key] ?? english[key];
  }

  function t(key: string, parameters: Parameters = {}): string {
    const { count } = parameters;
    const plural = typeof count === "number" ? find(`${key}_${plurals.value.select(count)}`) : undefined;
    const text = plural ?? find(`${key}_other`) ?? find(key) ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = parameters[name];
      if (value === undefined) return whole;
      return typeof value === "number" ? numbers.value.format(value) : value;
    });
  }

  async function choose(wanted: string): Promise<void> {
    const loader = loaders[wanted];
    if (wanted !== "en" && !loader) return;
    const loaded = loader ? (await loader()).default : english;
    messages.value = loaded;
    language.value = wanted;
  }

  return {
    language,
    direction: computed(() => (RIGHT_TO_LEFT.has(language.value) ? "rtl" : "ltr")),
    t,
    has: (key) => find(key) !== undefined || find(`${key}_other`) !== undefined,
    choose,
  };
}

/** Latin digits everywhere: prices on the shelf, on the screen and on the receipt look alike. */
export function numberLocale(language: string): string {
  return `${language}-u-nu-latn`;
}
