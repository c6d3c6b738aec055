// Amounts as people type them; whole minor units, no binary fractions in between.

export function shownAmount(minor: number | null | undefined, exponent: number): string {
  return minor === null || minor === undefined ? "" : (minor / 10 ** exponent).toFixed(exponent);
}

/** Whole minor units, or null where the text is no such amount. */
export function minorOf(text: string, exponent: number): number | null {
  const match = /^(\d{1,9})(?:[.,](\d*))?$/.exec(text.trim());
  if (!match) return null;
  const decimals = match[2] ?? "";
  if (decimals.length > exponent) return null;
  return Number(match[1] + decimals.padEnd(exponent, "0"));
}
