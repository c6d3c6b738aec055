// The button of both apps. `blocked` keeps it focusable and says why it does nothing yet.

import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

export interface ButtonProps {
  children: ComponentChildren;
  onPress: () => void;
  kind?: "plain" | "main" | "soft" | "quiet" | "danger";
  size?: "normal" | "big";
  icon?: IconName;
  blocked?: boolean;
  pressed?: boolean;
  label?: string;
  class?: string;
}

export function Button(props: ButtonProps) {
  const { children, onPress, kind = "plain", size = "normal", icon, blocked, pressed, label } = props;
  return (
    <button
      type="button"
      class={`button button-${kind} button-${size} ${props.class ?? ""}`}
      aria-disabled={blocked || undefined}
      aria-pressed={pressed}
      aria-label={label}
      onClick={onPress}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}
