// The first screen: what to do, in one sentence and one picture. Putting something down starts too.

import { Button } from "@tillsight/web-shared/button.tsx";
import { preferLanguage } from "../preferences.ts";
import { hello, isStarted, status } from "../state.ts";
import { LANGUAGE_NAMES, language, t } from "../texts.ts";

export function WelcomeScreen() {
  return (
    <section class="welcome" aria-labelledby="welcome-title">
      <EnrolWords />
      <CounterPicture />
      <div class="welcome-words">
        <h1 id="welcome-title">{t("welcome_title")}</h1>
        <p class="welcome-text">{t("welcome_text")}</p>
        <Button kind="main" size="big" onPress={() => (isStarted.value = true)}>
          {t("welcome_start")}
        </Button>
        <ol class="welcome-steps">
          {[1, 2, 3].map((step) => (
            <li key={step}>
              <span>{step}</span>
              {t(`welcome_step_${step}`)}
            </li>
          ))}
        </ol>
        <Languages />
        <p class="welcome-privacy">{t("welcome_privacy")}</p>
      </div>
    </section>
  );
}

/** Whoever lets this box in compares them with the centre's page; gone once it is let in. */
function EnrolWords() {
  const words = status.value?.enrol_words ?? "";
  if (!words) return null;
  return (
    <div class="enrol card" role="status">
      <h2>{t("enrol_title")}</h2>
      <p class="enrol-words" dir="ltr" lang="en" translate={false}>
        {words.split(" ").map((word) => (
          <span key={word}>{word} </span>
        ))}
      </p>
      <p>{t("enrol_text")}</p>
    </div>
  );
}

function Languages() {
  return (
    <div class="languages" role="group" aria-label={t("language")}>
      {(hello.value?.languages ?? ["en"]).map((code) => (
        <button
          key={code}
          type="button"
          lang={code}
          class="button button-quiet"
          aria-pressed={code === language.value}
          onClick={() => preferLanguage(code)}
        >
          {LANGUAGE_NAMES[code] ?? code}
        </button>
      ))}
    </div>
  );
}

/** A counter from above; three packs glide onto it and get their outline. */
function CounterPicture() {
  return (
    <svg class="welcome-picture" viewBox="0 0 560 400" preserveAspectRatio="xMidYMax meet" aria-hidden="true">
      <rect class="wp-counter" x="20" y="40" width="520" height="320" rx="44" />
      <rect class="wp-inner" x="44" y="64" width="472" height="272" rx="28" />
      <g class="wp-item wp-item-1">
        <rect x="96" y="112" width="104" height="150" rx="12" fill="#f2b23c" />
        <rect x="112" y="132" width="72" height="54" rx="8" fill="#fff6df" />
        <path d="M112 206h72M112 222h48" stroke="#8a5a00" stroke-width="7" stroke-linecap="round" />
      </g>
      <g class="wp-item wp-item-2">
        <circle cx="296" cy="152" r="58" fill="#d8523f" />
        <circle cx="296" cy="152" r="44" fill="none" stroke="#fff" stroke-opacity=".55" stroke-width="6" />
        <path d="M276 152h40" stroke="#fff" stroke-width="9" stroke-linecap="round" />
      </g>
      <g class="wp-item wp-item-3">
        <rect x="258" y="240" width="196" height="66" rx="33" fill="#4f8fd6" />
        <rect x="304" y="252" width="92" height="42" rx="8" fill="#eaf3ff" />
        <rect x="444" y="258" width="28" height="30" rx="7" fill="#2d5f9b" />
      </g>
      <g class="wp-outline">
        <rect x="84" y="100" width="128" height="174" rx="20" />
        <rect x="226" y="82" width="140" height="140" rx="20" />
        <rect x="246" y="228" width="238" height="90" rx="20" />
      </g>
      <g class="wp-ticks">
        <path d="m186 100 12 12 22-24" />
        <path d="m340 82 12 12 22-24" />
        <path d="m456 228 12 12 22-24" />
      </g>
    </svg>
  );
}
