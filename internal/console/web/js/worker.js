// The shared worker: one live stream for all tabs of the browser. Over HTTP/1.1 a browser has six
// connections to a server, and the seventh tab with a stream of its own would hang.
import { Feed } from "./feed.js";

const address = "/api/v1/live";

/** @type {Set<MessagePort>} */
const ports = new Set();

/** @type {Feed|undefined} */
let feed;

/** @param {any} message */
function tellAll(message) {
  for (const port of ports) port.postMessage(message);
}

self.addEventListener("connect", (event) => {
  const port = /** @type {MessageEvent} */ (event).ports[0];
  ports.add(port);
  port.onmessage = ({ data }) => {
    if (data === "hurry") feed?.hurry();
    if (data !== "bye") return;
    ports.delete(port);
    if (ports.size === 0) {
      feed?.close();
      feed = undefined;
    }
  };
  if (!feed) {
    feed = new Feed(address, tellAll);
    return;
  }
  if (feed.begun) port.postMessage({ kind: "snapshot", frame: feed.rows.snapshot() });
  port.postMessage(feed.status);
});
