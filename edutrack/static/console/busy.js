// A form that works for a while says so, and cannot be sent a second time meanwhile.
for (const form of document.querySelectorAll("form[data-busy]")) {
  const button = form.querySelector("button");
  const label = button.querySelector("span");
  const rest = label.textContent;
  form.addEventListener("submit", () => {
    label.textContent = form.dataset.busy;
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
  });
  // The page as the browser kept it, when somebody comes back to it.
  window.addEventListener("pageshow", () => {
    label.textContent = rest;
    button.disabled = false;
    button.removeAttribute("aria-busy");
  });
}
