// The live stream: one connection, the rows as they are now, and whether they are up to date. It
// runs in the shared worker, or in the page if the browser has none.

const staleAfter = 5000; // ms without a tick
const firstPause = 500; // ms before the first new try; it doubles up to longestPause
const longestPause = 15000;

/**
 * What a feed tells: {kind: "snapshot"|"delta", frame}, {kind: "status", ...}.
 * @typedef {{groups: any[], agents: any[], calls: any[], gone?: any, v: number}} Frame
 */

/** The keys of each kind of row. */
export const keys = {
  groups: (/** @type {any} */ row) => row.number,
  agents: (/** @type {any} */ row) => row.extension,
  calls: (/** @type {any} */ row) => row.uuid,
};

export const kinds = /** @type {const} */ (["groups", "agents", "calls"]);

/** Rows are the rows of the three kinds by their keys. */
export class Rows {
  constructor() {
    /** @type {Record<string, Map<string, any>>} */
    this.all = { groups: new Map(), agents: new Map(), calls: new Map() };
  }

  /** @param {Frame} frame */
  reset(frame) {
    for (const kind of kinds) this.all[kind].clear();
    this.apply(frame);
  }

  /** @param {Frame} frame */
  apply(frame) {
    for (const kind of kinds) {
      for (const key of frame.gone?.[kind] ?? []) this.all[kind].delete(key);
      for (const row of frame[kind] ?? []) this.all[kind].set(keys[kind](row), row);
    }
  }

  /** @returns {Frame} */
  snapshot() {
    const list = (/** @type {string} */ kind) => [...this.all[kind].values()];
    return { v: 0, groups: list("groups"), agents: list("agents"), calls: list("calls") };
  }
}

export class Feed {
  /**
   * @param {string} url
   * @param {(message: any) => void} tell
   */
  constructor(url, tell) {
    this.url = url;
    this.tell = tell;
    this.rows = new Rows();
    this.status = { kind: "status", state: "connecting", offset: 0, since: Date.now(), why: "" };
    this.pause = firstPause;
    this.begun = false;
    this.open();
  }

  open() {
    this.source = new EventSource(this.url);
    this.source.addEventListener("snapshot", (e) => this.onRows("snapshot", e));
    this.source.addEventListener("delta", (e) => this.onRows("delta", e));
    this.source.addEventListener("tick", (e) => this.onTick(JSON.parse(e.data)));
    this.source.addEventListener("bye", (e) => this.onBye(JSON.parse(e.data)));
    this.source.onerror = () => this.onError();
    this.watch();
  }

  /**
   * @param {"snapshot"|"delta"} kind
   * @param {MessageEvent} event
   */
  onRows(kind, event) {
    const frame = JSON.parse(event.data);
    if (kind === "snapshot") this.rows.reset(frame);
    else this.rows.apply(frame);
    this.begun = true;
    this.pause = firstPause;
    this.tell({ kind, frame });
    if (kind === "snapshot") this.alive(frame.at);
  }

  /** @param {{at: number}} tick */
  onTick(tick) {
    this.alive(tick.at);
  }

  /** @param {number|undefined} at the server's clock */
  alive(at) {
    const offset = at === undefined ? this.status.offset : at - Date.now();
    const moved = Math.abs(offset - this.status.offset) > 100;
    if (this.status.state !== "live" || moved) this.say("live", { offset });
    this.watch();
  }

  watch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say("stale"), staleAfter);
  }

  /** @param {{why: string}} bye the server ends the stream */
  onBye(bye) {
    this.status.why = bye.why;
    this.again();
  }

  onError() {
    // While it is CONNECTING, the browser tries again by itself. After a refusal it does not.
    if (this.source?.readyState === EventSource.CLOSED) this.again();
  }

  again() {
    this.source?.close();
    if (this.waiting) return;
    const pause = this.pause * (0.75 + Math.random() / 2);
    this.pause = Math.min(this.pause * 2, longestPause);
    this.waiting = setTimeout(() => this.retry(), pause);
  }

  async retry() {
    try {
      const me = await fetch("/api/v1/me");
      this.waiting = undefined;
      if (me.status === 401 || me.status === 403) {
        this.say("out");
        this.again();
        return;
      }
    } catch {
      this.waiting = undefined; // no server; open finds out the same
    }
    this.open();
  }

  /** A page has logged in, so the next try need not wait. */
  hurry() {
    this.pause = firstPause;
    if (this.status.state !== "live") {
      clearTimeout(this.waiting);
      this.waiting = undefined;
      this.source?.close();
      this.open();
    }
  }

  /**
   * @param {string} state connecting, live, stale or out (there is no session)
   * @param {object} [more]
   */
  say(state, more = {}) {
    const since = state === this.status.state ? this.status.since : Date.now();
    this.status = { ...this.status, ...more, state, since };
    this.tell(this.status);
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.waiting);
    this.source?.close();
  }
}
