// A change of language or colours comes back to the same address, with what is behind its #.

for (const form of document.querySelectorAll("form.look")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { submitter } = /** @type {SubmitEvent} */ (event);
    const body = new URLSearchParams(new FormData(/** @type {HTMLFormElement} */ (form), submitter));
    await fetch("/ui/look", { method: "POST", body, redirect: "manual" });
    location.reload();
  });
}
