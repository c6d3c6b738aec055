// A named input with its hint and its fault below; the fault is read out when it appears.

import { useEffect, useId, useRef } from "preact/hooks";

export interface TextFieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: string | undefined;
  fault?: string | undefined;
  type?: "text" | "password" | "search" | "number" | "email" | "date" | "datetime-local" | "time";
  autocomplete?: string;
  inputMode?: "text" | "numeric" | "decimal" | "search";
  required?: boolean;
  autoFocus?: boolean;
  multiline?: boolean;
  placeholder?: string;
  class?: string;
}

export function TextField(props: TextFieldProps) {
  const id = useId();
  const about = `${id}-about`;
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => {
    if (props.autoFocus) input.current?.focus(); // the attribute alone works once per page load
  }, []);
  const shared = {
    id,
    class: "field",
    value: props.value,
    placeholder: props.placeholder,
    required: props.required,
    autoFocus: props.autoFocus,
    "aria-invalid": props.fault ? ("true" as const) : undefined,
    "aria-describedby": props.hint || props.fault ? about : undefined,
    onInput: (event: Event) => props.onInput((event.currentTarget as HTMLInputElement).value),
  };
  const single = {
    ...shared,
    type: props.type ?? "text",
    autocomplete: props.autocomplete ?? "off",
    inputMode: props.inputMode,
  };
  return (
    <div class={`labelled ${props.class ?? ""}`}>
      <label for={id}>{props.label}</label>
      {props.multiline ? (
        <textarea {...shared} ref={input} rows={3} />
      ) : (
        <input {...(single as object)} ref={input} />
      )}
      {(props.fault || props.hint) && (
        <p id={about} class={props.fault ? "fault" : "hint"} role={props.fault ? "alert" : undefined}>
          {props.fault || props.hint}
        </p>
      )}
    </div>
  );
}
