// A picture that the server has drawn. The browser reads it as a document, so no text becomes markup
// here.
import { refused } from "./api.js";

/**
 * @param {string} path below /api/v1
 * @returns {Promise<{drawn: Element, data: any}>} the picture, and the figures from which it was drawn
 */
export function picture(path) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", "/api/v1" + path);
    request.onreadystatechange = () => {
      // The type of the answer is chosen as its head is there: a refusal is JSON.
      if (request.readyState === XMLHttpRequest.HEADERS_RECEIVED) request.responseType = request.status === 200 ? "document" : "json";
    };
    request.onerror = () => reject(refused(0));
    request.onload = () => {
      if (request.status !== 200) return reject(refused(request.status, request.response));
      const drawn = document.importNode(request.response.documentElement, true);
      const data = drawn.querySelector("metadata");
      data.remove();
      return resolve({ drawn, data: JSON.parse(data.textContent) });
    };
    request.send();
  });
}
