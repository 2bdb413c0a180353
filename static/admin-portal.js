// What the administration's type-ahead fields (select2) lack to be heard: the names of their labels, and which
// list they open. jQuery calls this after the functions that make the fields, for they asked first.
window.django?.jQuery?.(($) => {
  const labelOf = (field) => document.querySelector(`label[for="${field.id}"]`);
  const boxOf = (field) => field.parentElement.querySelector(".select2-selection");

  for (const field of document.querySelectorAll("select.admin-autocomplete")) {
    const label = labelOf(field);
    const box = boxOf(field);
    if (!label || !box) continue;
    label.id = `${field.id}_label`;
    const shown = box.querySelector(".select2-selection__rendered");
    box.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    shown.setAttribute("aria-labelledby", label.id);
  }
  $(document).on("select2:open", ({ target }) => {
    boxOf(target)?.setAttribute("aria-controls", `select2-${target.id}-results`);
    const search = document.querySelector(".select2-container--open .select2-search__field");
    search?.setAttribute("aria-label", `Søg: ${labelOf(target)?.textContent.trim().replace(/:$/, "") ?? ""}`);
  });
});
