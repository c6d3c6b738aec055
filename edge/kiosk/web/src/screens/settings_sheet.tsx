// Language, colours, size, reach, speech, time: one page, no nested menus, takes effect at once.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Icon, type IconName } from "@tillsight/web-shared/icon.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import type { ComponentChildren } from "preact";
import { prefer, preferences, preferLanguage, type Theme } from "../preferences.ts";
import { say } from "../speech.ts";
import { closeSheet, hello } from "../state.ts";
import { LANGUAGE_NAMES, language, t } from "../texts.ts";

const THEMES: readonly Theme[] = ["auto", "light", "dark", "contrast"];

export function SettingsSheet() {
  const chosen = preferences.value;
  return (
    <Sheet title={t("settings_title")} closeLabel={t("close")} onClose={closeSheet}>
      <Group name={t("language")} icon="globe">
        {(hello.value?.languages ?? ["en"]).map((code) => (
          <span key={code} lang={code}>
            <Button pressed={code === language.value} onPress={() => preferLanguage(code)}>
              {LANGUAGE_NAMES[code] ?? code}
            </Button>
          </span>
        ))}
      </Group>
      <Group name={t("theme")} icon="theme">
        {THEMES.map((theme) => (
          <Button key={theme} pressed={chosen.theme === theme} onPress={() => prefer({ theme })}>
            {t(`theme_${theme}`)}
          </Button>
        ))}
      </Group>
      <Group name={t("text_size")} icon="text">
        <Button pressed={!chosen.isLarge} onPress={() => prefer({ isLarge: false })}>
          {t("text_normal")}
        </Button>
        <Button pressed={chosen.isLarge} onPress={() => prefer({ isLarge: true })}>
          {t("text_large")}
        </Button>
      </Group>
      <div class="switches">
        <Switch icon="sound" name="speech" isOn={chosen.isSpoken} onFlip={flipSpeech} />
        <Switch
          icon="reach"
          name="reach"
          isOn={chosen.isReachable}
          onFlip={() => prefer({ isReachable: !chosen.isReachable })}
        />
        <Switch
          icon="clock"
          name="more_time"
          isOn={chosen.hasMoreTime}
          onFlip={() => prefer({ hasMoreTime: !chosen.hasMoreTime })}
        />
      </div>
    </Sheet>
  );
}

function Group({ name, icon, children }: { name: string; icon: IconName; children: ComponentChildren }) {
  return (
    <fieldset class="choices">
      <legend>
        <Icon name={icon} />
        {name}
      </legend>
      <div>{children}</div>
    </fieldset>
  );
}

function Switch({ icon, name, isOn, onFlip }: { icon: IconName; name: string; isOn: boolean; onFlip: () => void }) {
  return (
    <button type="button" class="switch" role="switch" aria-checked={isOn} onClick={onFlip}>
      <Icon name={icon} size="1.7em" />
      <span>
        <strong>{t(name)}</strong>
        <small>{t(`${name}_text`)}</small>
      </span>
      <i class="switch-knob" aria-hidden="true" />
    </button>
  );
}

function flipSpeech(): void {
  const isSpoken = !preferences.value.isSpoken;
  prefer({ isSpoken });
  if (isSpoken) say(t("speech_on"));
  else window.speechSynthesis?.cancel();
}
