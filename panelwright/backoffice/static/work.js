// One key for each step of the work queue: j and k move between the rows, the others press the row's button that names
// them (data-key). Without it the buttons are there all the same.
"use strict";

const rows = [...document.querySelectorAll(".table.work tbody tr")];
const here = () => rows.indexOf(document.activeElement?.closest?.("tr"));

function select(at) {
  const row = rows[Math.max(0, Math.min(at, rows.length - 1))];
  row?.querySelector("a")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches?.("input, textarea, select, [contenteditable]")) return;
  if (event.key === "j") select(here() + 1);
  else if (event.key === "k") select(here() - 1);
  else {
    const button = rows[Math.max(here(), 0)]?.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!button) return;
    const field = button.form.querySelector("input[required]");
    if (field && !field.value) field.focus();
    else button.form.requestSubmit(button);
  }
  event.preventDefault();
});
