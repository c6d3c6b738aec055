// What the new product is mistaken for: both pictures side by side, and how alike they are.

import { Badge } from "@tillsight/web-shared/badge.tsx";
import type { CollisionReply, OnboardingReply } from "../api_types.ts";
import { pictureOf } from "../sku_words.ts";
import { t } from "../texts.ts";
import { Picture } from "./picture.tsx";

export function LookAlikes({ onboarding }: { onboarding: OnboardingReply }) {
  const { collisions, photos } = onboarding;
  if (!photos.length) return null;
  return (
    <section class="panel" aria-label={t("look_alikes")}>
      <div class="panel-head">
        <h2>{t("look_alikes")}</h2>
        {!collisions.length && <Badge tone="good">{t("nothing_alike")}</Badge>}
      </div>
      <ul class="list">
        {collisions.map((collision) => (
          <Pair key={collision.sku_id} collision={collision} mine={cropFor(onboarding, collision)} />
        ))}
      </ul>
    </section>
  );
}

function Pair({ collision, mine }: { collision: CollisionReply; mine: string }) {
  return (
    <li class="alike">
      <Picture src={mine} />
      <Picture src={pictureOf(collision)} />
      <span class="grow">
        <strong>{collision.name}</strong>
        <span class="hint block">
          {t("alike_by", { share: Math.round(collision.similarity * 100), sides: collision.sides.map((side) => t(`side_${side}`)).join(", ") })}
        </span>
      </span>
      <Badge tone={collision.level === "always_ask" ? "bad" : "ask"}>{t(`alike_${collision.level}`)}</Badge>
    </li>
  );
}

function cropFor({ photos }: OnboardingReply, { sides }: CollisionReply): string {
  const photo = photos.find((one) => sides.includes(one.side)) ?? photos[0];
  return photo?.crop_url || photo?.url || "";
}
