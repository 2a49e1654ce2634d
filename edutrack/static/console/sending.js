// Shows that a form which takes a while has been sent, and sends it once. The server does it once without this, too.
(() => {
  for (const form of document.querySelectorAll("form[data-slow]")) {
    const progress = document.getElementById(form.dataset.slow);

    function show(isSending) {
      if (isSending) form.setAttribute("aria-busy", "true");
      else form.removeAttribute("aria-busy");
      progress.hidden = !isSending;
    }

    form.addEventListener("submit", (event) => {
      if (form.hasAttribute("aria-busy")) {
        event.preventDefault();
      } else if (!event.submitter?.name) {
        show(true);
      }
    });
    // Back from the next page, it may be sent once more.
    window.addEventListener("pageshow", (event) => event.persisted && show(false));
  }
})();
