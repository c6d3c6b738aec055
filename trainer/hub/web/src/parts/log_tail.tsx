// What a job writes, followed while it runs; the end of a kept log file.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, address } from "../api.ts";
import { faultText } from "../faults.ts";
import { t } from "../texts.ts";

const EVERY_MS = 2_000;
const MAX_CHARS = 200_000; // shown; older lines are in the hub
const TAIL_BYTES = 16_384;
const PAGE = 1000; // pieces in one answer of the hub

export function JobLog({ jobId, isLive }: { jobId: string; isLive: boolean }) {
  const [text, setText] = useState("");
  const [fault, setFault] = useState("");
  const last = useRef(0);

  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function read(): Promise<void> {
      try {
        const pieces = await ask("GET /api/v1/jobs/{job_id}/logs", { path: { job_id: jobId }, query: { after: last.current } }, stop.signal);
        last.current = pieces.at(-1)?.log_id ?? last.current;
        if (pieces.length) setText((old) => (old + pieces.map((piece) => piece.text).join("")).slice(-MAX_CHARS));
        setFault("");
        if (pieces.length === PAGE) return await read();
      } catch (error) {
        if (stop.signal.aborted) return;
        setFault(faultText(error));
      }
      if (isLive) timer = setTimeout(() => void read(), EVERY_MS);
    }
    void read();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [jobId, isLive]);
  return <LogText text={text} fault={fault} isLive={isLive} />;
}

/** The end of a run's log that lies at the hub as an artefact. */
export function FileLog({ sha256, size }: { sha256: string; size: number }) {
  const [text, setText] = useState("");
  const [fault, setFault] = useState("");
  useEffect(() => {
    const stop = new AbortController();
    const from = Math.max(0, size - TAIL_BYTES);
    fetch(address("/api/v1/artifacts/{sha256}", { sha256 }), { headers: { Range: `bytes=${from}-` }, signal: stop.signal })
      .then(async (answer) => (answer.ok ? setText(await answer.text()) : setFault(t("run_log_gone"))))
      .catch(() => stop.signal.aborted || setFault(t("run_log_gone")));
    return () => stop.abort();
  }, [sha256]);
  return <LogText text={text} fault={fault} isLive={false} />;
}

function LogText({ text, fault, isLive }: { text: string; fault: string; isLive: boolean }) {
  const [isFollowing, setFollowing] = useState(true);
  const frame = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (isFollowing && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  }, [text, isFollowing]);
  function scrolled(): void {
    const at = frame.current;
    if (at) setFollowing(at.scrollHeight - at.scrollTop - at.clientHeight < 24);
  }
  return (
    <div class="stack">
      {fault && <p class="fault" role="alert">{fault}</p>}
      <pre class="log" ref={frame} tabIndex={0} role="log" aria-label={t("job_log")} onScroll={scrolled}>
        {text || t("job_log_empty")}
      </pre>
      {isLive && (
        <label class="yes">
          <input type="checkbox" checked={isFollowing} onChange={(event) => setFollowing(event.currentTarget.checked)} />
          {t("job_follow")}
        </label>
      )}
    </div>
  );
}
