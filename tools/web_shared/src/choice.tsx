// One of a few: a row of buttons (`Segmented`), or the platform's list where there are many (`Select`).

import { useId } from "preact/hooks";

export interface Option {
  readonly value: string;
  readonly label: string;
  readonly count?: number | undefined;
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly Option[];
  onChoose: (value: string) => void;
}

export function Segmented({ label, value, options, onChoose }: ChoiceProps) {
  return (
    <div class="segmented" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChoose(option.value)}
        >
          {option.label}
          {option.count !== undefined && <span class="segment-count">{option.count}</span>}
        </button>
      ))}
    </div>
  );
}

export function Select({ label, value, options, onChoose }: ChoiceProps) {
  const id = useId();
  return (
    <div class="labelled">
      <label for={id}>{label}</label>
      <select id={id} class="field" value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
