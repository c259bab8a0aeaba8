// A change of language or colours comes back to the same address, with what is behind its #.

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
