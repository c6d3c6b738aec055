// What stands where a list has nothing to show: why, and the next step.

import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

export function EmptyState(props: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-sign">
        <Icon name={props.icon} size="2rem" />
      </span>
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}
