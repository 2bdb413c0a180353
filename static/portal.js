// Starts the design system and the small helpers of our own. Lists and forms work without this file; menus do not.
(function () {
  "use strict";
  DKFDS.init();

  // Ctrl+K moves to the search field. (Not a bare "/": WCAG 2.1.4 forbids one-key shortcuts that cannot be turned off.)
  document.addEventListener("keydown", function (event) {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
    const field = document.getElementById("q");
    if (!field) return;
    event.preventDefault();
    field.focus();
  });

  // The library writes suggestions as HTML; names are text.
  function escaped(text) {
    const holder = document.createElement("span");
    holder.textContent = text || "";
    return holder.innerHTML;
  }

  // Type-ahead: upgrades a text field that knows where to look up its choices. The field's value is what is sent.
  function upgrade(input) {
    if (input.dataset.upgraded) return;
    input.dataset.upgraded = "1";
    const id = input.id;
    input.id = id + "-value"; // labels and error links now lead to the field that is seen
    const box = document.createElement("div");
    input.after(box);
    let latest = 0;
    let timer;
    let shown = [];
    let busy = false;
    // What earlier letters found must not be chosen by who types on: only what still fits stays until the answer is here.
    function offer(labels, waiting, show) {
      shown = labels;
      busy = waiting;
      box.setAttribute("aria-busy", waiting);
      show(labels);
    }
    accessibleAutocomplete({
      element: box,
      id: id,
      name: "",
      defaultValue: input.value,
      templates: { inputValue: function (value) { return value || ""; }, suggestion: escaped },
      minLength: 2,
      confirmOnBlur: false,
      displayMenu: "overlay",
      inputClasses: "form-input",
      placeholder: input.placeholder,
      source: function (query, show) {
        const mine = ++latest;
        const letters = query.toLowerCase();
        clearTimeout(timer);
        offer(shown.filter(function (label) { return label.toLowerCase().includes(letters); }), true, show);
        timer = setTimeout(function () {
          const url = new URL(input.dataset.lookup, location.origin);
          url.searchParams.set("q", query);
          fetch(url, { headers: { Accept: "application/json" } })
            .then(function (answer) { return answer.ok ? answer.json() : { results: [] }; })
            .catch(function () { return { results: [] }; })
            .then(function (found) {
              if (mine === latest) offer(found.results.map(function (row) { return row.label; }), false, show);
            });
        }, 150);
      },
      onConfirm: function (value) { if (value) input.value = value; },
      tNoResults: function () { return busy ? "Søger …" : "Intet fundet"; },
      tStatusQueryTooShort: function (n) { return "Skriv mindst " + n + " tegn"; },
      tStatusNoResults: function () { return busy ? "Søger …" : "Ingen forslag"; },
      tStatusSelectedOption: function (option, length, index) { return option + ", " + (index + 1) + " af " + length + ", er valgt"; },
      tStatusResults: function (length, option) { return length + " forslag. " + option; },
      tAssistiveHint: function () { return "Brug piletasterne til at gå gennem forslagene og Enter til at vælge."; },
    });
    const typed = box.querySelector("input");
    if (input.hasAttribute("aria-invalid")) typed.setAttribute("aria-invalid", "true");
    // A field in a table is named by its column's head and its row, of which a phone shows neither.
    const named = (input.getAttribute("aria-labelledby") || "").split(" ").map(function (id) {
      const element = document.getElementById(id);
      return element ? element.textContent.trim() : "";
    });
    if (named.join("")) typed.setAttribute("aria-label", named.join(" "));
    typed.addEventListener("input", function () { input.value = typed.value; });
    input.type = "hidden";
  }

  function start(root) {
    root.querySelectorAll("input[data-lookup]").forEach(upgrade);
  }
  start(document);
  document.addEventListener("htmx:after:swap", function (event) { start(event.target); });

  // "Tilføj række": copies the empty row of the template, with the next number.
  document.querySelectorAll("[data-add-row]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      const template = document.getElementById(button.dataset.addRow);
      const body = document.getElementById(template.dataset.body);
      const total = document.getElementById(template.dataset.total);
      const holder = document.createElement("tbody");
      holder.innerHTML = template.innerHTML.replaceAll("__prefix__", total.value);
      total.value = String(Number(total.value) + 1);
      const row = holder.querySelector("tr");
      body.append(row);
      start(row);
      row.querySelector("input:not([type=hidden])").focus();
    });
  });

  // A half-filled form is not left by a slip: the browser asks first. Saving is no slip.
  document.querySelectorAll("form[data-guard]").forEach(function (form) {
    let dirty = false;
    form.addEventListener("input", function () { dirty = true; });
    form.addEventListener("submit", function () { dirty = false; });
    window.addEventListener("beforeunload", function (event) { if (dirty) event.preventDefault(); });
  });

  // The bar for selected rows: dkfds tells how many boxes are ticked.
  document.addEventListener("fds.table.selectable.updated", function (event) {
    const bar = document.getElementById("bulk");
    if (!bar) return;
    const n = event.detail.checkedNumber;
    document.getElementById("bulk-n").textContent =
      n === 0 ? "Ret flere på én gang" : n + " " + (n === 1 ? bar.dataset.one : bar.dataset.many);
  });

  // "Link til visningen": copies the address; without script it is a plain link to the view.
  document.querySelectorAll("[data-copy-link]").forEach(function (link) {
    link.addEventListener("click", function (event) {
      if (!navigator.clipboard) return;
      event.preventDefault();
      const text = link.lastChild;
      const before = text.textContent;
      navigator.clipboard.writeText(link.href).then(function () {
        text.textContent = "Linket er kopieret";
        setTimeout(function () { text.textContent = before; }, 3000);
      });
    });
  });

  // A menu closes when one goes elsewhere.
  function closeMenus(keep) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) { if (menu !== keep) menu.open = false; });
  }
  document.addEventListener("click", function (event) { closeMenus(event.target.closest("details.menu")); });
  document.addEventListener("keydown", function (event) {
    const menu = event.key === "Escape" && document.activeElement.closest("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // A scrolling table is a tab stop only while there is something to scroll.
  const watch = new ResizeObserver(function (entries) {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  document.querySelectorAll(".table--responsive-scroll").forEach(function (box) { watch.observe(box); });
})();
