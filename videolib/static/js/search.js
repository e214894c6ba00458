// The search box: "/" goes there, arrow keys walk through what is found, Escape closes it.

const form = document.querySelector("[data-search]");
const box = form?.querySelector("input[type=search]");
const suggestions = document.getElementById("suggestions");

function found() {
  const place = suggestions.childElementCount ? suggestions : document.getElementById("results");
  return place ? [...place.querySelectorAll("a[data-hit]")] : [];
}

function close() {
  suggestions.replaceChildren();
}

function walk(step) {
  const links = found();
  if (!links.length) return;
  const next = links.indexOf(document.activeElement) + step;
  if (next < 0) box.focus();
  else links[Math.min(next, links.length - 1)].focus();
}

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const inside = event.target === box || found().includes(event.target);
  if (event.key === "/" && !isTyping(event.target)) {
    event.preventDefault();
    box.focus();
    box.select();
  } else if (inside && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    walk(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape" && inside) {
    leave(event);
  }
}

// First it closes what is found and keeps what was typed; then the browser empties the box; then one leaves it.
function leave(event) {
  if (suggestions.childElementCount) {
    event.preventDefault();
    close();
    box.focus();
  } else if (event.target !== box) {
    box.focus();
  } else if (!box.value) {
    box.blur();
  }
}

if (form) {
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => {
    if (!form.contains(event.target)) close();
  });
  form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !form.contains(event.relatedTarget)) close();
  });
  box.addEventListener("input", () => {
    if (!box.value.trim()) close();
  });
  // An answer that comes after the box was emptied or left would open again what was closed, or take the list away
  // from under somebody who walks through it.
  suggestions.addEventListener("htmx:beforeSwap", (event) => {
    if (!box.value.trim() || document.activeElement !== box) event.detail.shouldSwap = false;
  });
}
