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

/** @param {string} zone */
export function isZone(zone) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}
