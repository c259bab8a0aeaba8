// Times are milliseconds since 1970 by the server's clock.

/**
 * A duration as 0:05, 12:34 or 1:02:03.
 * @param {number} milliseconds
 */
export function clock(milliseconds) {
  const s = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/**
 * A duration; nothing if there was none.
 * @param {number|undefined} milliseconds
 */
export const length = (milliseconds) => (milliseconds ? clock(milliseconds) : "");

const timeOfDay = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium", hourCycle: "h23" });
const dayAndTime = new Intl.DateTimeFormat(document.documentElement.lang, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

/** @param {number} at */
export const time = (at) => timeOfDay.format(at);

/** @param {number} at */
export const date = (at) => dayAndTime.format(at);
