// Ticks all rows of a page at once, and says how many are ticked. Without it each row is ticked by itself.
(() => {
  const boxes = [...document.querySelectorAll("[data-tick]")];
  const all = document.querySelector("[data-tick-all]");
  const count = document.querySelector("[data-tick-count]");
  if (!boxes.length) return;

  function show() {
    const ticked = boxes.filter((box) => box.checked).length;
    if (count) count.textContent = ticked ? `(${ticked})` : "";
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }

  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  for (const box of boxes) box.addEventListener("change", show);
  all.closest("label").hidden = false;
  // A browser that comes back to the page may have kept the ticks.
  window.addEventListener("pageshow", show);
})();
