// What is searched, filtered and sorted is in the address, so that a reload and a link show the same.

const params = new URLSearchParams(location.search);

export const view = {
  onChange() {},

  /** @param {string} name */
  get: (name) => params.get(name) ?? "",

  /**
   * @param {string} name
   * @param {string} value "" takes it away
   */
  set(name, value) {
    if (value) params.set(name, value);
    else params.delete(name);
    write();
    this.onChange();
  },

  /**
   * @param {string} name
   * @param {string} value
   */
  toggle(name, value) {
    this.set(name, this.get(name) === value ? "" : value);
  },

  /** Takes search and filters away. */
  clear() {
    for (const name of ["q", "group", "state"]) params.delete(name);
    write();
    this.onChange();
  },

  /**
   * The order of a table, as in ?agents=since.down.
   * @param {string} table
   * @param {string} column if nothing was chosen
   * @returns {import("./table.js").Sort}
   */
  sort(table, column) {
    const [chosen, down] = this.get(table).split(".");
    return { column: chosen || column, down: down === "down" };
  },

  /**
   * @param {string} table
   * @param {import("./table.js").Sort} sort
   */
  setSort(table, sort) {
    params.set(table, sort.column + (sort.down ? ".down" : ""));
    write();
  },
};

function write() {
  const text = params.toString();
  history.replaceState(null, "", location.pathname + (text ? "?" + text : "") + location.hash);
}
