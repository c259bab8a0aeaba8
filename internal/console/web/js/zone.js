// Days of a time zone.

/** @type {Intl.DateTimeFormatOptions} */
const fields = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

/**
 * How far the clocks of a zone are ahead of UTC at a moment, in ms.
 * @param {number} at
 * @param {string} zone
 */
function offset(at, zone) {
  const parts = new Intl.DateTimeFormat("en", { ...fields, timeZone: zone }).formatToParts(at);
  const of = (/** @type {string} */ type) => Number(parts.find((p) => p.type === type)?.value);
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second")) - Math.floor(at / 1000) * 1000;
}

/**
 * The moment at which a day begins in a zone, and the days after it if days is given.
 * @param {string} date as 2026-11-28
 * @param {string} zone
 * @param {number} [days]
 */
export function beginOf(date, zone, days = 0) {
  const [year, month, day] = date.split("-").map(Number);
  const midnight = Date.UTC(year, month - 1, day + days);
  const first = midnight - offset(midnight, zone);
  return new Date(midnight - offset(first, zone)); // the clocks may have changed in between
}

/**
 * The clock of a zone, as in 2026-11-28T13:15.
 * @param {number} at
 * @param {string} zone
 */
export const localText = (at, zone) => new Date(at + offset(at, zone)).toISOString().slice(0, 16);

/**
 * How far a zone is ahead of UTC, as in +05:30.
 * @param {number} at
 * @param {string} zone
 */
export function offsetText(at, zone) {
  const minutes = Math.round(offset(at, zone) / 60000);
  const two = (/** @type {number} */ n) => String(Math.floor(n)).padStart(2, "0");
  return (minutes < 0 ? "-" : "+") + two(Math.abs(minutes) / 60) + ":" + two(Math.abs(minutes) % 60);
}

/** @param {string} zone */
export function isZone(zone) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}
