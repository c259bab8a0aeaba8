// The type of the wall is as large as its place allows. But nobody knows how wide the letters of a
// screen are, and how long the figures will be. So a row that is too wide gets a smaller --fit, until
// nothing of it is cut off. The style sheet says what becomes smaller first.

const most = 1.25, least = 0.4, step = 0.025;

let measured = "";

/**
 * Measures if the length of a text or the window has changed.
 * @param {HTMLElement} wall
 */
export function fit(wall) {
  let rows = /** @type {HTMLElement[]} */ ([...wall.querySelectorAll(".total, .tile h2, .figures, .small-figures")]);
  const shape = [innerWidth, innerHeight, wall.textContent.replace(/\d/g, "0")].join(" ");
  if (shape === measured && !rows.some(tooWide)) return;
  measured = shape;
  // All rows together, so that the browser lays out the page only once for each size.
  for (let size = most; size > least && rows.length > 0; size -= step) {
    for (const row of rows) row.style.setProperty("--fit", String(size));
    rows = rows.filter(tooWide);
  }
}

/** @param {HTMLElement} row */
const tooWide = (row) => row.scrollWidth > row.clientWidth;
