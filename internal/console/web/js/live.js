// The page's side of the live stream. Changes are collected, and shown once a frame.
import { Feed, Rows, keys, kinds } from "./feed.js";
import { byID, setAttribute, setText } from "./dom.js";
import { time } from "./time.js";
import { fill, words } from "./words.js";

const address = "/api/v1/live";
const workerAddress = "/ui/web/js/worker.js";

/** The rows as they are now. Do not change them. */
export const rows = new Rows();

/** @type {{state: string, offset: number, since: number, why: string}} */
export let status = { state: "connecting", offset: 0, since: Date.now(), why: "" };

/** Whether the first snapshot is there. Until then a page must not say that there is nothing. */
export let begun = false;

/** @returns {number} the server's clock */
export const now = () => Date.now() + status.offset;

/** @typedef {Record<"groups"|"agents"|"calls", Set<string>|null>} Changed null = all of them */

/** @type {{onRows: (changed: Changed) => void, onSecond: () => void, onOut: () => void}} */
let page = { onRows() {}, onSecond() {}, onOut() {} };

/** @type {Changed} */
let changed = { groups: new Set(), agents: new Set(), calls: new Set() };

/** @type {(message: string) => void} */
let tellFeed = () => {};

/**
 * Begins to follow the stream.
 * @param {{onRows: (changed: Changed) => void, onSecond: () => void, onOut: () => void}} of onRows
 *   gets the keys of the rows that changed, once a frame; onSecond runs each second of the server's
 *   clock; onOut runs when there is no session any more
 */
export function follow(of) {
  page = of;
  if (typeof SharedWorker === "function") shareFeed();
  else ownFeed();
  showStatus();
  second();
}

/** Tries again at once, because a session has begun. */
export const hurry = () => tellFeed("hurry");

function ownFeed() {
  const feed = new Feed(address, onMessage);
  tellFeed = (message) => message === "hurry" && feed.hurry();
}

function shareFeed() {
  // The name differs by viewer, so that another user's tab has a worker and a session of its own.
  const worker = new SharedWorker(trusted(workerAddress), {
    type: "module", name: "nwayacd " + document.body.dataset.viewer,
  });
  worker.port.onmessage = ({ data }) => onMessage(data);
  tellFeed = (message) => worker.port.postMessage(message);
  addEventListener("pagehide", (event) => {
    if (!event.persisted) tellFeed("bye");
  });
}

/** @param {string} url */
function trusted(url) {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  if (!types) return url;
  return types.createPolicy("nwayacd", {
    createScriptURL(/** @type {string} */ asked) {
      if (asked !== workerAddress) throw new TypeError("not a program of this page: " + asked);
      return asked;
    },
  }).createScriptURL(url);
}

/** @param {any} message */
function onMessage(message) {
  switch (message.kind) {
    case "snapshot":
      rows.reset(message.frame);
      begun = true;
      changed = { groups: null, agents: null, calls: null };
      schedule();
      break;
    case "delta":
      rows.apply(message.frame);
      collect(message.frame);
      schedule();
      break;
    case "status":
      status = message;
      showStatus();
      if (status.state === "out") page.onOut();
  }
}

/** @param {import("./feed.js").Frame} frame */
function collect(frame) {
  for (const kind of kinds) {
    const set = changed[kind];
    if (!set) continue; // all of them already
    for (const row of frame[kind] ?? []) set.add(keys[kind](row));
    for (const key of frame.gone?.[kind] ?? []) set.add(key);
  }
}

let scheduled = false;

function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    const those = changed;
    changed = { groups: new Set(), agents: new Set(), calls: new Set() };
    page.onRows(those);
  });
}

/** Runs shortly after each full second, so that all counters on the page move together. */
function second() {
  setTimeout(() => {
    requestAnimationFrame(() => page.onSecond());
    second();
  }, 1000 - (now() % 1000) + 5);
}

function showStatus() {
  const badge = byID("live");
  const texts = /** @type {Record<string, string>} */ ({ live: words.Live.Live, stale: words.Live.Stale });
  badge.hidden = false;
  setText(badge, texts[status.state] ?? words.Live.Connecting);
  setAttribute(badge, "data-state", status.state);
  document.body.classList.toggle("is-stale", status.state === "stale" || status.state === "out");
  showBanner();
}

function showBanner() {
  let banner = document.getElementById("banner");
  if (status.state !== "stale") {
    banner?.remove();
    return;
  }
  if (!banner) {
    banner = document.createElement("p");
    banner.id = "banner";
    banner.className = "banner";
    banner.setAttribute("role", "alert");
    byID("content").before(banner);
  }
  const since = fill(words.Live.StaleSince, time(status.since - 5000 + status.offset));
  setText(banner, since + " " + words.Live.Lost);
}
