// A WebSocket that comes back: watchdog against half-open connections, capped back-off with jitter.
// Carries text and binary; knows nothing of what they mean.

export type SocketState = "connecting" | "live" | "lost";

export interface SocketHandlers {
  onState(state: SocketState): void;
  onText(text: string): void;
  onBinary(data: ArrayBuffer): void;
}

const SILENCE_MS = 3_000; // the server says something at least once a second
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 4_000;

export class ResilientSocket {
  #socket: WebSocket | undefined;
  #heardAt = 0;
  #waitMs = FIRST_WAIT_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setInterval> | undefined;

  constructor(
    readonly url: string,
    readonly handlers: SocketHandlers,
  ) {}

  open(): void {
    this.handlers.onState("connecting");
    this.#connect();
    this.#watchdog = setInterval(() => this.#checkSilence(), 500);
    window.addEventListener("online", this.#retryNow);
  }

  close(): void {
    clearInterval(this.#watchdog);
    clearTimeout(this.#retry);
    window.removeEventListener("online", this.#retryNow);
    this.#drop();
  }

  /** False where there is no connection; nothing is queued, the caller tells the user. */
  send(message: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect(): void {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      this.#heardAt = performance.now();
      this.#waitMs = FIRST_WAIT_MS;
      if (typeof event.data === "string") this.handlers.onText(event.data);
      else this.handlers.onBinary(event.data);
    };
    socket.onopen = () => this.handlers.onState("live");
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  #checkSilence(): void {
    if (this.#socket && performance.now() - this.#heardAt > SILENCE_MS) this.#lost();
  }

  #lost(): void {
    this.#drop();
    this.handlers.onState("lost");
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), this.#waitMs * (0.8 + 0.4 * Math.random()));
    this.#waitMs = Math.min(this.#waitMs * 2, MAX_WAIT_MS);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
  }

  #retryNow = (): void => {
    if (this.#socket) return;
    clearTimeout(this.#retry);
    this.#waitMs = FIRST_WAIT_MS;
    this.#connect();
  };
}
