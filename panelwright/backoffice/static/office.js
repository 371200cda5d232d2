// What a browser adds to tables that are edited and to lists that are put in order. Without it both work by their buttons.
"use strict";

// ---- a table whose cells are edited

function cellNumber(text) {
  return text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text);
}

function isSame(input) {
  if (input.value === input.dataset.was) return true;
  if (input.classList.contains("name")) return false;
  const typed = cellNumber(input.value);
  return typed !== null && typed === cellNumber(input.dataset.was);
}

function startEditing(form) {
  const inputs = [...form.querySelectorAll(".cell")];
  const count = form.querySelector("[data-count]");
  let leaving = false;

  function mark(input) {
    const box = input.parentElement;
    const dirty = !isSame(input);
    box.classList.toggle("dirty", dirty);
    box.querySelector(".was").hidden = !dirty;
    if (!input.classList.contains("rate")) return;
    const row = input.closest("tr");
    const cost = cellNumber(row.dataset.cost);
    const rate = cellNumber(input.value);
    box.classList.toggle("below", dirty && cost !== null && rate !== null && rate < cost);
    const margin = row.querySelector("[data-margin]");
    if (dirty && cost !== null && rate) {
      margin.dataset.before ??= margin.innerHTML;
      margin.textContent = `${(((rate - cost) * 100) / rate).toFixed(1)}%`;
      margin.classList.toggle("bad-text", rate < cost);
    } else if (margin.dataset.before !== undefined) {
      margin.innerHTML = margin.dataset.before;
      margin.classList.remove("bad-text");
    }
  }

  function add() {
    const dirty = form.querySelectorAll(".dirty").length;
    const below = form.querySelectorAll(".below").length;
    count.textContent = dirty ? `${form.dataset.changes}: ${dirty}` : "";
    if (below) {
      const red = document.createElement("span");
      red.className = "bad-text";
      red.textContent = ` · ${form.dataset.below}: ${below}`;
      count.append(red);
    }
    form.classList.toggle("changed", dirty > 0);
  }

  // A column of a spreadsheet goes into the cells below each other.
  function paste(event) {
    const input = event.target;
    const lines = event.clipboardData?.getData("text").replace(/\r/g, "").replace(/\n$/, "").split("\n") ?? [];
    if (!input.classList?.contains("cell") || lines.length < 2) return;
    event.preventDefault();
    const column = input.name.split("-")[0];
    const cells = inputs.filter((one) => one.name.startsWith(`${column}-`));
    const first = cells.indexOf(input);
    lines.slice(0, cells.length - first).forEach((line, n) => {
      cells[first + n].value = line.split("\t")[0].trim();
      mark(cells[first + n]);
    });
    add();
  }

  // Up and down go from row to row, as in a spreadsheet.
  function step(event) {
    const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!way || !event.target.classList?.contains("cell")) return;
    const column = event.target.name.split("-")[0];
    const cells = inputs.filter((one) => one.name.startsWith(`${column}-`));
    const next = cells[cells.indexOf(event.target) + way];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.select();
  }

  form.addEventListener("input", (event) => {
    if (!event.target.classList.contains("cell")) return;
    mark(event.target);
    add();
  });
  form.addEventListener("paste", paste);
  form.addEventListener("keydown", step);
  form.addEventListener("submit", () => { leaving = true; });
  form.querySelector("[data-discard]").addEventListener("click", () => { leaving = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && form.querySelector(".dirty")) event.preventDefault();
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
    inputs.forEach(mark);
    add();
  });
}

// ---- all rows of a page at once

for (const all of document.querySelectorAll("[data-all]")) {
  all.addEventListener("change", () => {
    for (const box of all.closest("form").querySelectorAll('input[name="pick"]')) box.checked = all.checked;
  });
}

// ---- a list that is put in order by dragging

function startSorting(form) {
  const list = form.querySelector(".sortable");
  let dragged = null;

  for (const item of list.querySelectorAll("[data-item]")) {
    item.querySelector("[data-grip]").addEventListener("pointerdown", () => { item.draggable = true; });
    item.addEventListener("dragstart", (event) => {
      dragged = item;
      item.classList.add("dragged");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", item.dataset.item);
    });
    item.addEventListener("dragend", () => {
      item.draggable = false;
      item.classList.remove("dragged");
      dragged = null;
    });
  }
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-item]");
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    list.insertBefore(dragged, event.clientY < box.top + box.height / 2 ? over : over.nextSibling);
  });
  list.addEventListener("drop", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const next = dragged.nextElementSibling;
    form.elements.before.value = next ? next.dataset.item : "";
    const send = document.createElement("button");
    send.name = "move";
    send.value = `${form.dataset.sort}:${dragged.dataset.item}:${next ? "" : "bottom"}`;
    send.hidden = true;
    form.append(send);
    // Where it goes to is said by its place, not by what is chosen beside it.
    for (const select of dragged.querySelectorAll("select")) select.disabled = true;
    form.requestSubmit(send);
  });
}

for (const form of document.querySelectorAll("[data-edit]")) startEditing(form);
for (const form of document.querySelectorAll("[data-sort]")) startSorting(form);
