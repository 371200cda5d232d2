// One key for each step of the work queue: a key presses the button of the row that names it (data-key), of the row that
// has the focus or else of the first one. Without it the buttons are there all the same; j and k move (backoffice.js).
"use strict";

const steps = [...document.querySelectorAll(".table.work tbody tr")];

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const row = document.activeElement?.closest?.("tr");
  const place = steps.includes(row) ? row : steps[0];
  const button = place?.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!button) return;
  event.preventDefault();
  const field = button.form.querySelector("input[required]");
  if (field && !field.value) field.focus();
  else button.form.requestSubmit(button);
});
