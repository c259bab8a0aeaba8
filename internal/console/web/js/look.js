// The bar. A change of language or colours comes back to the same address, with what is behind its #.

for (const form of document.querySelectorAll("form.look")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { submitter } = /** @type {SubmitEvent} */ (event);
    const fields = new FormData(/** @type {HTMLFormElement} */ (form), submitter);
    const body = new URLSearchParams();
    for (const [name, value] of fields) body.append(name, String(value));
    await fetch("/ui/look", { method: "POST", body, redirect: "manual" });
    location.reload();
  });
}

/** @param {EventTarget|null} but */
function closeMenus(but) {
  for (const menu of document.querySelectorAll("details.me[open]")) {
    if (!(but instanceof Node && menu.contains(but))) menu.removeAttribute("open");
  }
}

document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
});
