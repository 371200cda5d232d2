// What a browser adds to the back office: keys, the box that finds everything, and a count of what is selected.
// Without it every page works: the box is a form, rows are links, and the bar counts nothing.
"use strict";

const seek = document.getElementById("seek");
const keys = document.getElementById("keys");

function isTyping(target) {
  return target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
}

// ---- lists ------------------------------------------------------------------------------------------------

function rowsOf() {
  return [...document.querySelectorAll("main .table tbody tr:not(.group)")].filter((row) => row.querySelector("a, input"));
}

// What stands for the row when it has the focus: the link that opens it, else its box.
function handleOf(row) {
  return row.querySelector("a[href]") ?? row.querySelector("input[type=checkbox]");
}

function move(by) {
  const rows = rowsOf();
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  handleOf(next).focus();
  next.scrollIntoView({ block: "nearest" });
}

function select() {
  const box = document.activeElement?.closest("tr")?.querySelector(".c-pick input");
  if (box) box.click();
}

// ---- the bar of what is selected ----------------------------------------------------------------------------

function boxesOf(bar) {
  return [...document.querySelectorAll(`.c-pick input[form="${bar.id}"]`)];
}

function count(bar) {
  const boxes = boxesOf(bar);
  const chosen = boxes.filter((box) => box.checked).length;
  const all = bar.querySelector("[name=all]");
  bar.hidden = chosen === 0 && !all?.checked;
  const said = bar.querySelector("[data-count]");
  said.textContent = all?.checked ? "" : `: ${chosen}`;
  const head = document.querySelector("[data-all-rows]");
  if (head) {
    head.checked = chosen === boxes.length;
    head.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

for (const bar of document.querySelectorAll("[data-bulk]")) {
  const place = document.querySelector("thead .c-pick");
  const boxes = boxesOf(bar);
  if (place && boxes.length) {
    const head = document.createElement("input");
    head.type = "checkbox";
    head.dataset.allRows = "";
    head.setAttribute("aria-label", place.textContent.trim());
    head.addEventListener("change", () => {
      for (const box of boxesOf(bar)) box.checked = head.checked;
      count(bar);
    });
    place.replaceChildren(head);
  }
  document.addEventListener("change", (event) => {
    if (event.target.form === bar) count(bar);
  });
  window.addEventListener("pageshow", () => count(bar));
  count(bar);
}

// ---- the box that finds everything ----------------------------------------------------------------------------

let asked = 0;

async function find() {
  const place = document.getElementById("seek-found");
  const text = seek.value.trim();
  const mine = ++asked;
  if (!text) {
    place.hidden = true;
    return;
  }
  const answer = await fetch(`${seek.form.action}?q=${encodeURIComponent(text)}`, { credentials: "same-origin" });
  if (mine !== asked || !answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.getElementById("found");
  if (!found) return;
  place.replaceChildren(...found.childNodes);
  place.hidden = false;
}

function step(by) {
  const links = [...document.querySelectorAll("#seek-found a")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  if (at + by < 0) seek.focus();
  else links[Math.min(at + by, links.length - 1)].focus();
}

if (seek) {
  let later = 0;
  seek.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(find, 150);
  });
  seek.form.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      document.getElementById("seek-found").hidden = true;
      seek.focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".seek")) document.getElementById("seek-found").hidden = true;
  });
}

// ---- the look of the panel, while its form is filled in -----------------------------------------------------

for (const look of document.querySelectorAll("[data-look]")) {
  const hue = document.getElementById("hue");
  const logo = document.getElementById("logo");
  if (!hue || !logo) continue;
  const wheel = look.querySelector("input[type=range]");
  const parts = [...look.querySelectorAll(".palette")];
  const show = (angle) => parts.forEach((part) => part.style.setProperty("--hue", angle));
  wheel.value = hue.value || getComputedStyle(document.documentElement).getPropertyValue("--hue").trim();
  wheel.closest("label").hidden = false;
  wheel.addEventListener("input", () => {
    hue.value = wheel.value;
    show(wheel.value);
  });
  hue.addEventListener("input", () => {
    if (!/^\d{1,3}$/.test(hue.value) || hue.value > 359) return;
    wheel.value = hue.value;
    show(hue.value);
  });
  logo.addEventListener("change", () => {
    if (!logo.files.length) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      for (const part of parts) {
        const picture = new Image();
        picture.className = "logo";
        picture.alt = "";
        picture.src = reader.result;
        part.querySelector(".mark, .logo").replaceWith(picture);
      }
    });
    reader.readAsDataURL(logo.files[0]);
  });
}

// ---- keys ---------------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  const opens = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
  if (opens || (event.key === "/" && !isTyping(event.target))) {
    event.preventDefault();
    if (seek && seek.offsetParent) {
      seek.focus();
      seek.select();
    } else {
      location.assign("/admin/search");
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  // The work queue moves by itself (work.js).
  const moves = !document.querySelector(".table.work");
  if (event.key === "j" && moves) move(1);
  else if (event.key === "k" && moves) move(-1);
  else if (event.key === "x") select();
  else if (event.key === "?" && keys) keys.showModal();
});
