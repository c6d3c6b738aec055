// How much of something is done: a bar with its words. A progress bar where it is still moving.

export interface MeterProps {
  label: string;
  /** 0 to 1. */
  share: number;
  text: string;
  tone?: "good" | "ask" | "bad" | "accent";
}

export function Meter({ label, share, text, tone = "accent" }: MeterProps) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div class={`meter meter-${tone}`}>
      <div class="meter-words">
        <span>{label}</span>
        <strong>{text}</strong>
      </div>
      <div
        class="meter-bar"
        role="progressbar"
        aria-label={label}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={text}
      >
        <span style={{ inlineSize: `${percent}%` }} />
      </div>
    </div>
  );
}
