// The gate's verdict as the hub keeps it: every figure of trainer/release/gate.py that people look at.

export interface GateSlice {
  readonly name: string;
  readonly num_baskets: number;
  readonly difference: number;
  readonly upper: number;
  readonly is_worse: boolean;
}

/** The champion with one part of the candidate: what that part does alone. */
export interface PartEffect {
  readonly part: string;
  readonly difference: number;
  readonly lost: number;
  readonly won: number;
}

export interface TargetCost {
  readonly provider: string;
  readonly champion_p95_ms: number;
  readonly candidate_p95_ms: number;
  readonly champion_rss_mib: number;
  readonly candidate_rss_mib: number;
}

export interface GateEvidence {
  readonly targets: readonly TargetCost[];
  readonly parity: number | null;
  readonly parts: readonly PartEffect[];
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
  /** Older verdicts have none. */
  readonly evidence?: GateEvidence;
  readonly blamed?: string;
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
