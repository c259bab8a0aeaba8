// Elements are made one by one, and text is only ever text: names and numbers come from strangers.

const svgNamespace = "http://www.w3.org/2000/svg";

/**
 * Makes an element. A property of attributes that begins with "on" is a listener; true is an
 * attribute without a value; false and undefined are none.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|number|null|undefined|false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((c) => c !== null && c !== undefined && c !== false).map(asNode));
  return made;
}

/** @param {Node|string|number} child */
function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/**
 * Makes one of the shapes of icons.html.
 * @param {string} name
 * @param {string} [className]
 */
export function icon(name, className = "") {
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("aria-hidden", "true");
  if (className) svg.setAttribute("class", className);
  const use = document.createElementNS(svgNamespace, "use");
  use.setAttribute("href", "#i-" + name);
  svg.append(use);
  return svg;
}

/**
 * Sets the text of an element, if it differs: a text that stays costs no layout.
 * @param {Element} element
 * @param {string|number} text
 */
export function setText(element, text) {
  const now = String(text);
  if (element.textContent !== now) element.textContent = now;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string|null} value null takes the attribute away
 */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** @param {string} id */
export function byID(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error("the page has no element " + id);
  return found;
}
