// Drags topics, lectures and videos by their handles, and keeps open what was open. Without it the arrows do the same.
(() => {
  const tree = document.querySelector("[data-tree]");
  if (!tree) return;
  const order = document.getElementById("order");
  const memory = `course-${tree.dataset.tree}`;
  const branches = [...tree.querySelectorAll("details")];

  const wasOpen = new Set(JSON.parse(sessionStorage.getItem(memory) ?? "[]"));
  for (const branch of branches) {
    if (wasOpen.has(branch.parentElement.id)) branch.open = true;
    branch.addEventListener("toggle", () => {
      const open = branches.filter((one) => one.open).map((one) => one.parentElement.id);
      sessionStorage.setItem(memory, JSON.stringify(open));
    });
  }

  const numbers = (list) => [...(list?.children ?? [])].map((item) => ({ item, id: Number(item.dataset.id) }));
  const below = (item, level) => numbers(item.querySelector(`:scope > details > [data-level=${level}]`));

  function wholeOrder() {
    return numbers(tree).map((topic) => ({
      id: topic.id,
      lectures: below(topic.item, "lectures").map((lecture) => ({
        id: lecture.id,
        videos: below(lecture.item, "videos").map((video) => video.id),
      })),
    }));
  }

  async function save() {
    order.elements.topics.value = JSON.stringify(wholeOrder());
    // The answer says on the page itself how it went: what is shown then is what is stored.
    await fetch(order.action, { method: "POST", body: new FormData(order), redirect: "manual" }).catch(() => {});
    location.reload();
  }

  let dragged = null;
  let before = "";

  function startDragging(event) {
    dragged = event.target.closest("li");
    before = JSON.stringify(wholeOrder());
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.id);
    event.dataTransfer.setDragImage(dragged, 0, 0);
    dragged.classList.add("dragged");
    event.stopPropagation();
  }

  function passOver(event) {
    if (!dragged) return;
    const over = [...dragged.parentElement.children].find((item) => item.contains(event.target));
    if (!over) return;
    event.preventDefault();
    if (over === dragged) return;
    const { top, height } = over.getBoundingClientRect();
    if (event.clientY < top + height / 2) over.before(dragged);
    else over.after(dragged);
  }

  function stopDragging() {
    if (!dragged) return;
    dragged.classList.remove("dragged");
    dragged = null;
    if (JSON.stringify(wholeOrder()) !== before) save();
  }

  const handleOf = document.getElementById("handle").content.firstElementChild;
  for (const item of tree.querySelectorAll("li[data-id]")) {
    const handle = handleOf.cloneNode(true);
    item.prepend(handle);
    handle.draggable = true;
    handle.addEventListener("dragstart", startDragging);
    handle.addEventListener("dragend", stopDragging);
  }
  tree.addEventListener("dragover", passOver);
  tree.addEventListener("drop", (event) => event.preventDefault());
  tree.classList.add("draggable");
  document.querySelector(".with-script").hidden = false;
})();
