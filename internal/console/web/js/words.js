// The words of the page's language. Their names are those of the dictionary in words.go.

const answer = await fetch(`/ui/words/${document.documentElement.lang}.json`);

/** @type {Record<string, any>} */
export const words = await answer.json();

/**
 * Puts values into the places {0}, {1} of a text.
 * @param {string} text
 * @param {...unknown} values
 */
export function fill(text, ...values) {
  return text.replace(/\{(\d)\}/g, (_, n) => String(values[n] ?? ""));
}
