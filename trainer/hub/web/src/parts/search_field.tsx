// A search that answers while typing; the words stand in the address.

import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "@tillsight/web-shared/icon.tsx";
import { place, setQuery } from "../router.ts";

const PAUSE_MS = 120;

interface Props {
  label: string;
  name?: string;
  autoFocus?: boolean;
}

export function SearchField({ label, name = "q", autoFocus }: Props) {
  const asked = place.value.query.get(name) ?? "";
  const [text, setText] = useState(asked);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (document.activeElement !== field.current) setText(asked); // a link changed it, not the typing
  }, [asked]);
  useEffect(() => {
    if (text === asked) return;
    const timer = setTimeout(() => setQuery({ [name]: text, offset: "" }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class="search">
      <Icon name="search" size="1.2em" />
      <input
        ref={field}
        type="search"
        class="field"
        value={text}
        placeholder={label}
        aria-label={label}
        autoFocus={autoFocus}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}
