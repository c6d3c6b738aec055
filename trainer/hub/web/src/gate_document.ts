// The gate's verdict as the hub keeps it: every figure of trainer/release/gate.py that people look at.

export interface GateSlice {
  readonly name: string;
  readonly num_baskets: number;
  readonly difference: number;
  readonly upper: number;
  readonly is_worse: boolean;
}

export interface GateDocument {
  readonly reasons: readonly string[];
  readonly num_more: number;
  readonly num_baskets: number;
  readonly num_clusters: number;
  readonly champion_accuracy: number;
  readonly candidate_accuracy: number;
  readonly difference: number;
  readonly lower: number;
  readonly upper: number;
  readonly negative_flips: readonly string[];
  readonly positive_flips: readonly string[];
  readonly slices: readonly GateSlice[];
  readonly policy: { readonly name: string; readonly margin: number; readonly num_looks: number };
}

/** In percentage points, with its sign: +1.2. */
export function points(share: number): string {
  const value = (share * 100).toFixed(1);
  return share > 0 ? `+${value}` : value;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
