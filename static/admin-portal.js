// The administration's type-ahead fields get the names of their labels: select2 leaves an empty one nameless.
// jQuery calls this after the functions that make the fields, for they asked first.
window.django?.jQuery?.(() => {
  for (const field of document.querySelectorAll("select.admin-autocomplete")) {
    const label = document.querySelector(`label[for="${field.id}"]`);
    const box = field.parentElement.querySelector(".select2-selection");
    if (!label || !box) continue;
    label.id = `${field.id}_label`;
    const shown = box.querySelector(".select2-selection__rendered");
    box.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    shown.setAttribute("aria-labelledby", label.id);
  }
});
