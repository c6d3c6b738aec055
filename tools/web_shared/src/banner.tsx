// A calm stripe over a page: what is wrong and what to do next.

import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

export interface BannerProps {
  title: string;
  tone?: "ask" | "calm" | "serious";
  icon?: IconName;
  children?: ComponentChildren;
}

export function Banner({ title, tone = "ask", icon = "warning", children }: BannerProps) {
  return (
    <div class={`banner banner-${tone}`} role={tone === "serious" ? "alert" : "status"}>
      <Icon name={icon} />
      <div class="banner-text">
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}
