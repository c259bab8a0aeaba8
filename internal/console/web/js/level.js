// Amber and red with hysteresis: a figure becomes worse at once, and better only if it has been 10 %
// better than the threshold for 10 seconds. So a figure at its threshold does not flicker.

const calmFor = 10000; // ms
const margin = 0.1;

/** The levels; a higher one is worse. */
export const calm = 0, warning = 1, alert = 2;

export class Level {
  constructor() {
    this.now = calm;
    this.betterSince = 0;
  }

  /**
   * Takes a new value of a figure of which more is worse.
   * @param {number} value
   * @param {[number, number]} limits from which on it is amber, and red; 0 = never
   * @param {number} at
   */
  high(value, limits, at) {
    const reached = (/** @type {number} */ factor) => {
      if (limits[1] > 0 && value >= limits[1] * factor) return alert;
      return limits[0] > 0 && value >= limits[0] * factor ? warning : calm;
    };
    return this.take(reached(1), reached(1 - margin), at);
  }

  /**
   * Takes a new value of a figure of which less is worse.
   * @param {number} value in percent
   * @param {[number, number]} limits below which it is amber, and red
   * @param {number} at
   */
  low(value, limits, at) {
    const missed = (/** @type {number} */ factor) => {
      // 10 % above a goal of 95 is out of reach, so it is never more than half of the way to 100.
      const raised = limits.map((limit) => limit + Math.min(limit * factor, (100 - limit) / 2) * (factor > 0 ? 1 : 0));
      if (value < raised[1]) return alert;
      return value < raised[0] ? warning : calm;
    };
    return this.take(missed(0), missed(margin), at);
  }

  /**
   * @param {number} level by the thresholds themselves
   * @param {number} kept by thresholds that are 10 % better: the level is kept as long as it is reached
   * @param {number} at
   */
  take(level, kept, at) {
    if (level >= this.now) {
      this.now = level;
      this.betterSince = 0;
    } else if (kept >= this.now) {
      this.betterSince = 0;
    } else if (!this.betterSince) {
      this.betterSince = at;
    } else if (at - this.betterSince >= calmFor) {
      this.now = Math.max(level, kept);
      this.betterSince = 0;
    }
    return this.now;
  }
}

/** The levels of the figures of one group. */
export class GroupLevels {
  constructor() {
    this.waiting = new Level();
    this.longest = new Level();
    this.today = new Level();
    this.recent = new Level();
  }

  /**
   * @param {any} group
   * @param {number} at the server's clock
   */
  take(group, at) {
    const wait = group.waiting_since ? (at - group.waiting_since) / 1000 : 0;
    const goals = /** @type {[number, number]} */ ([group.service_level_goal, group.service_level_goal - 10]);
    this.waiting.high(group.waiting, [group.warn_waiting, group.alert_waiting], at);
    this.longest.high(wait, [group.warn_wait_seconds, group.alert_wait_seconds], at);
    // Without a call there is no service level, and nothing to warn of.
    this.today.low(group.today.service_level ?? 100, goals, at);
    this.recent.low(group.recent.service_level ?? 100, goals, at);
  }

  /** The worst level of what happens now. Today as a whole does not count: nobody can change it any more. */
  worst() {
    return Math.max(this.waiting.now, this.longest.now, this.recent.now);
  }
}
