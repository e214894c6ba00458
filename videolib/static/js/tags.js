// Tags as they are typed: suggestions under the field, chosen with the arrow keys or a click.
// A field may hold several, parted by commas: the last one is completed.

const WAIT = 150;

function start(field) {
  field.dataset.started = "yes";
  const list = document.createElement("ul");
  list.className = "suggested";
  list.id = `${field.id}-suggested`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  const box = document.createElement("span");
  box.className = "suggests";
  field.replaceWith(box);
  box.append(field, list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" })) {
    field.setAttribute(name, value);
  }
  let timer;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => suggest(field, list), WAIT);
  });
  field.addEventListener("keydown", (event) => onKey(event, field, list));
  field.addEventListener("blur", () => setTimeout(() => show(field, list, []), 120));
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("li");
    if (option) choose(field, list, option);
  });
}

function typed(field) {
  return field.value.slice(field.value.lastIndexOf(",") + 1).trim();
}

async function suggest(field, list) {
  const wanted = typed(field);
  if (!wanted) return show(field, list, []);
  try {
    const answer = await fetch(`${field.dataset.suggests}?q=${encodeURIComponent(wanted)}`, { headers: { Accept: "application/json" } });
    const names = answer.ok && answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : [];
    if (typed(field) === wanted) show(field, list, names.filter((name) => name.toLowerCase() !== wanted.toLowerCase()));
  } catch {
    // No network: the field works without suggestions.
    show(field, list, []);
  }
}

function show(field, list, names) {
  list.replaceChildren(...names.map((name, number) => {
    const option = document.createElement("li");
    option.id = `${list.id}-${number}`;
    option.setAttribute("role", "option");
    option.textContent = name;
    return option;
  }));
  list.hidden = !names.length;
  field.setAttribute("aria-expanded", String(Boolean(names.length)));
  field.removeAttribute("aria-activedescendant");
}

function onKey(event, field, list) {
  const options = [...list.children];
  const now = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!options.length) return;
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = now < 0 && step < 0 ? options.length - 1 : (now + step + options.length) % options.length;
    options[now]?.removeAttribute("aria-selected");
    options[next].setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", options[next].id);
  } else if (event.key === "Enter" && now >= 0) {
    event.preventDefault();
    choose(field, list, options[now]);
  } else if (event.key === "Escape" && options.length) {
    event.stopPropagation();
    show(field, list, []);
  }
}

function choose(field, list, option) {
  const kept = field.value.slice(0, field.value.lastIndexOf(",") + 1);
  const many = field.name === "tags";
  field.value = `${kept}${kept ? " " : ""}${option.textContent}${many ? ", " : ""}`;
  show(field, list, []);
  field.focus();
  // Where one tag is added, choosing it is adding it; in a longer form it is a change like any other.
  if (many) field.dispatchEvent(new Event("change", { bubbles: true }));
  else field.form.requestSubmit();
}

// When it is first entered, so that fields that are put into the page later need no call. Moving it took the focus.
document.addEventListener("focusin", (event) => {
  const field = event.target;
  if (!field.matches?.("[data-suggests]:not([data-started])")) return;
  start(field);
  field.focus();
});
document.addEventListener("htmx:afterSwap", (event) => {
  // After a tag the next one is often typed: stay in the field.
  if (event.detail.target?.id === "tags" && event.detail.requestConfig?.path.endsWith("/tag/")) document.getElementById("new-tag")?.focus();
});
