// Ticks all requests of a page at once. Without it each is ticked by itself.
(() => {
  const all = document.querySelector(".all-of-them");
  const master = all.querySelector("input");
  const boxes = [...document.querySelectorAll("tbody input[name=ids]")];

  master.addEventListener("change", () => {
    for (const box of boxes) box.checked = master.checked;
  });
  for (const box of boxes) {
    box.addEventListener("change", () => {
      master.checked = boxes.every((one) => one.checked);
    });
  }
  all.hidden = false;
})();
