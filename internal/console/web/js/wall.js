// The wall: figures for people who stand five metres away. A screen has at most 12 groups; if there
// are more, screens take turns.
import "./look.js";
import { byID, el, setText } from "./dom.js";
import { enter, hasSession, toLogin } from "./session.js";
import { begun, follow, hurry, now, rows } from "./live.js";
import { time } from "./time.js";
import { Total } from "./walltotal.js";
import { fit } from "./wallfit.js";
import { Tile } from "./walltile.js";
import { fill, words } from "./words.js";

const mostTiles = 12;
const turn = 15000; // ms

const wall = byID("wall");
const total = new Total();
wall.append(el("div", { class: "nothing" }, words.Live.Connecting));
const grid = el("div", { class: "tiles" });

/** @type {Map<string, Tile>} */
const tiles = new Map();
let screen = 0;
let turned = performance.now();

/** The numbers of the groups on this wall, in order. ?groups=110,120 leaves only some. */
function numbers() {
  const asked = new URLSearchParams(location.search).get("groups")?.split(",");
  return [...rows.all.groups.keys()].filter((number) => !asked || asked.includes(number))
    .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
}

function show() {
  if (!begun) return;
  const all = numbers();
  if (all.length === 0) {
    wall.replaceChildren(nothing());
    return;
  }
  if (!grid.isConnected) wall.replaceChildren(total.element, grid);
  for (const number of tiles.keys()) if (!rows.all.groups.has(number)) tiles.delete(number);
  for (const number of all) tile(number).show(rows.all.groups.get(number), now());
  total.show(all.map((number) => rows.all.groups.get(number)), rows.all.agents, now());
  arrange(all);
  fit(wall);
}

/** @param {string} number */
function tile(number) {
  let found = tiles.get(number);
  if (!found) tiles.set(number, (found = new Tile()));
  return found;
}

/** @param {string[]} all */
function arrange(all) {
  const screens = Math.ceil(all.length / mostTiles);
  if (performance.now() - turned >= turn) {
    turned = performance.now();
    screen++;
  }
  screen %= screens;
  // Screens have the same number of groups, so that nothing changes its size at a turn.
  const size = Math.ceil(all.length / screens);
  const shown = all.slice(screen * size, (screen + 1) * size).map((number) => tile(number).element);
  if (shown.length !== grid.children.length || shown.some((e, i) => e !== grid.children[i])) {
    grid.replaceChildren(...shown);
  }
  grid.className = "tiles tiles-" + size;
  setText(byID("screen"), screens > 1 ? fill(words.Wall.Page, screen + 1, screens) : "");
}

function nothing() {
  return el("div", { class: "nothing" }, el("strong", {}, words.Wall.NoGroups), words.Wall.NoGroupsText);
}

/** There is no session. The key of the wall may begin a new one. */
async function begin() {
  const key = location.hash.slice(1);
  if (!key) {
    toLogin();
    await new Promise(() => {}); // the page goes
  } else if (await enter(key)) {
    hurry();
  } else {
    wall.replaceChildren(el("div", { class: "nothing" }, el("strong", {}, words.Wall.KeyEnded), words.Wall.KeyEndedText));
  }
}

byID("full").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
});
addEventListener("resize", show);
addEventListener("keydown", ({ key }) => {
  if (key !== "ArrowRight" && key !== "ArrowLeft") return;
  const screens = Math.max(1, Math.ceil(numbers().length / mostTiles));
  screen = (screen + (key === "ArrowRight" ? 1 : screens - 1)) % screens;
  turned = performance.now();
  show();
});

if (!(await hasSession())) await begin();

follow({
  onRows: show,
  onSecond() {
    setText(byID("clock"), time(now()));
    show();
  },
  onOut: begin,
});
