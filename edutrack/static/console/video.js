// Shows of a video's form only what the chosen platform asks for. Without it both are there, and one stays empty.
(() => {
  const platform = document.getElementById("platform");
  const source = document.getElementById("source");
  const file = document.getElementById("file");

  function follow() {
    const isStored = platform.value === "file";
    for (const [field, isAsked] of [[source, !isStored && platform.value], [file, isStored]]) {
      field.closest(".field").hidden = !isAsked;
      field.disabled = !isAsked;
    }
  }

  platform.addEventListener("change", follow);
  follow();
})();
