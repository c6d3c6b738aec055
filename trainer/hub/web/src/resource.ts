// What a page reads from the hub: the last answer stays on the screen while a newer one is asked for.

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "./api.ts";

export interface Resource<T> {
  readonly value: T | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/** Ask when `key` changes, and again every `everyMs` while the page can be seen. */
export function useResource<T>(key: string, ask: (stop: AbortSignal) => Promise<T>, everyMs = 0): Resource<T> {
  const [state, setState] = useState<{ key: string; value?: T; error?: ApiError }>({ key });
  const [turn, setTurn] = useState(0);
  const asking = useRef(ask);
  asking.current = ask;

  useEffect(() => {
    const stop = new AbortController();
    asking.current(stop.signal).then(
      (value) => !stop.signal.aborted && setState({ key, value }),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        const told = error instanceof ApiError ? error : new ApiError("page.error", String(error));
        setState((before) => ({ ...before, key, error: told }));
      },
    );
    return () => stop.abort();
  }, [key, turn]);

  useEffect(() => {
    if (!everyMs) return;
    const timer = setInterval(() => document.hidden || setTurn((n) => n + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);

  return {
    value: state.value,
    error: state.error,
    isLoading: state.key !== key || (state.value === undefined && state.error === undefined),
    reload: () => setTurn((n) => n + 1),
  };
}
