// Shows the grades of the chosen subject alone, and a chosen picture before it is sent. Without it the form works too.
(() => {
  const form = document.querySelector(".teacher-form");
  const gradesOf = JSON.parse(form.dataset.grades);
  const subject = form.querySelector("[name=subject]");

  function followSubject() {
    const taught = gradesOf[subject.value];
    for (const box of form.querySelectorAll("[name=grades][type=checkbox]")) {
      const fits = !taught || taught.includes(Number(box.value));
      box.closest("label").hidden = !fits;
      // A hidden tick would be sent, and refused where nobody sees why.
      if (!fits) box.checked = false;
    }
  }

  const picture = form.querySelector("[name=profile_picture][type=file]");
  const preview = document.getElementById("preview");
  const stored = preview.getAttribute("src");

  function showPicture() {
    const [file] = picture.files;
    if (!file) {
      preview.hidden = !stored;
      if (stored) preview.src = stored;
      return;
    }
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      preview.src = reader.result;
      preview.hidden = false;
    });
    reader.readAsDataURL(file);
  }

  subject.addEventListener("change", followSubject);
  picture.addEventListener("change", showPicture);
  followSubject();
})();
