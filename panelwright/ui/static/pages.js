// What a browser can add to the pages. Without it every table is shown and nothing is missing.
"use strict";

const said = document.getElementById("said");
const { copy: COPY, copied: COPIED } = document.body.dataset;

async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Panels on plain http with a host name have no clipboard API.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function addCopyButton(place, source) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = COPY;
  button.addEventListener("click", async () => {
    await copyText(source.textContent);
    button.textContent = COPIED;
    said.textContent = COPIED;
    setTimeout(() => {
      button.textContent = COPY;
      said.textContent = "";
    }, 2000);
    button.focus();
  });
  place.append(button);
}

function startChooser(form) {
  const select = form.querySelector("select");
  const variants = [...document.querySelectorAll("[data-variant]")];

  function show(slug) {
    for (const variant of variants) {
      const chosen = variant.dataset.variant === slug;
      variant.classList.toggle("chosen", chosen);
      variant.hidden = !chosen;
    }
    select.value = slug;
  }

  function showAddressed() {
    const slug = location.hash.replace("#add-", "");
    if (variants.some((variant) => variant.dataset.variant === slug)) show(slug);
  }

  form.querySelector("button").hidden = true;
  form.addEventListener("submit", (event) => event.preventDefault());
  select.addEventListener("change", () => {
    show(select.value);
    history.replaceState(null, "", `${location.pathname}#add-${select.value}`);
  });
  window.addEventListener("hashchange", showAddressed);
  show(select.value);
  showAddressed();
}

// The time that is left; once it is over, the page is loaded anew, and has no such time any more.
function countDown(time) {
  const until = Date.parse(time.dateTime);
  const show = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left <= 0) {
      clearInterval(ticking);
      setTimeout(() => location.reload(), 1500);
      return;
    }
    if (left < 86400) {
      const parts = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
      if (!parts[0]) parts.shift();
      if (time.previousElementSibling) time.previousElementSibling.textContent = time.previousElementSibling.dataset.left;
      time.textContent = parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
    }
  };
  const ticking = setInterval(show, 1000);
  show();
}

// One menu is open at a time, until a click elsewhere or Escape. Lists may be replaced, so nothing hangs on a menu itself.
function closeMenus(but) {
  for (const menu of document.querySelectorAll(".menu[open]")) if (menu !== but) menu.open = false;
}
document.addEventListener("click", (event) => closeMenus(event.target.closest?.(".menu")));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.(".menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
// A list that follows its orders waits while somebody chooses in it.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.querySelector?.(".menu[open]")) event.detail.shouldSwap = false;
});

for (const figure of document.querySelectorAll(".code")) {
  addCopyButton(figure.querySelector("figcaption"), figure.querySelector("code"));
}
for (const code of document.querySelectorAll(".copyable")) addCopyButton(code.parentElement, code);
for (const form of document.querySelectorAll(".chooser")) startChooser(form);
for (const time of document.querySelectorAll("time[data-until]")) countDown(time);

// A form that does something that cannot be undone asks first.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.sure;
  if (question && !window.confirm(question)) event.preventDefault();
});
// A form that is on its way is not sent a second time by an impatient click.
document.addEventListener("submit", (event) => {
  // Not its property `method`: a field of that name stands in front of it.
  if (event.defaultPrevented || event.target.getAttribute("method") !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
  setTimeout(() => delete event.target.dataset.sent, 5000);
});
function isFilled(field) {
  if (field.options) {
    const first = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
    return field.value !== first?.value;
  }
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  return "defaultValue" in field && field.value !== field.defaultValue;
}

window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
  // What was typed before the scripts were there, or kept by the browser from an earlier visit, has no price yet.
  for (const form of document.querySelectorAll("form[hx-post]")) {
    if ([...form.elements].some(isFilled)) form.dispatchEvent(new Event("change"));
  }
});
// A choice that filters a list takes effect at once.
for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
