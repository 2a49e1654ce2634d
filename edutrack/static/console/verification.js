// Keys for the queue: j, k and arrows move from student to student, v verifies, d declines, x ticks. All of it has
// buttons too.
(() => {
  const cards = [...document.querySelectorAll("article.waiting")];
  const place = "edutrack-verification-place";
  if (!cards.length) return;

  function current() {
    return cards.findIndex((card) => card.contains(document.activeElement));
  }

  function focusOn(index) {
    const card = cards[Math.min(Math.max(index, 0), cards.length - 1)];
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  function decide(decision) {
    const index = current();
    if (index < 0) return;
    const form = cards[index].querySelector(`input[name=decision][value=${decision}]`).form;
    // After the decision the next student stands in this one's place.
    sessionStorage.setItem(place, index);
    form.requestSubmit();
  }

  const keys = {
    j: () => focusOn(current() + 1),
    ArrowDown: () => focusOn(current() + 1),
    k: () => focusOn(current() - 1),
    ArrowUp: () => focusOn(current() - 1),
    v: () => decide("verified"),
    d: () => decide("declined"),
    x: () => cards[current()]?.querySelector("[data-tick]").click(),
  };

  let decided = false;
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input:not([type=checkbox]), select, textarea");
    // A key that is held down must not decide about the next students too.
    if (isTyping || decided || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector(":popover-open")) return;
    const act = keys[keyOf(event)];
    if (!act) return;
    event.preventDefault();
    act();
  });
  document.addEventListener("submit", () => {
    decided = true;
  });
  window.addEventListener("pageshow", () => {
    decided = false;
  });

  // By the key's place, so that it is the same one on an Arabic keyboard.
  function keyOf(event) {
    return event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key;
  }

  const kept = sessionStorage.getItem(place);
  sessionStorage.removeItem(place);
  if (kept !== null) focusOn(Number(kept));
  document.querySelector("[data-keys]").hidden = false;
})();
