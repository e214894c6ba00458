// What is said, beside the picture: follows the voice, is searched, copied and corrected.
// The list is swapped by htmx when words come in or are corrected, so everything is looked up when it is needed.

import { confirmCopy, copy } from "./clipboard.js";
import { findPhrase, flat } from "./phrases.js";

let follows = true;
let at = Number(document.querySelector("[data-player]")?.dataset.start) || 0;
let known = section()?.dataset.cues;
let found = [];
let chosen = -1;

function section() {
  return document.querySelector("[data-transcript]");
}

function list() {
  return document.querySelector("[data-cue-list]");
}

function cueAt(seconds) {
  const cues = list()?.children ?? [];
  let low = 0;
  let high = cues.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Number(cues[middle].dataset.start) <= seconds + 0.01) low = middle + 1;
    else high = middle;
  }
  const cue = cues[low - 1];
  return cue && seconds < Number(cue.dataset.end) ? cue : null;
}

function follow() {
  const cue = cueAt(at);
  const before = list()?.querySelector("[aria-current]");
  if (!cue || cue === before) return;
  before?.removeAttribute("aria-current");
  cue.setAttribute("aria-current", "true");
  if (follows) show(cue);
}

// Scrolls the list alone: scrollIntoView would move the page under the person's eyes.
function show(cue) {
  const box = list();
  const top = cue.offsetTop - box.offsetTop - (box.clientHeight - cue.offsetHeight) / 3;
  box.scrollTo({ top, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

function setFollowing(yes) {
  follows = yes;
  const button = document.querySelector("[data-follow]");
  if (button) button.hidden = yes;
  const cue = yes && (cueAt(at) ?? list()?.querySelector("[aria-current]"));
  if (cue) show(cue);
}

function mark(text) {
  const spans = [...(list()?.querySelectorAll(".cue-text[data-words]") ?? [])];
  for (const span of spans) span.textContent = flat(span.textContent);
  const hits = findPhrase(spans.map((span) => span.textContent), text);
  // From the last to the first: what is put in does not move the places before it.
  found = hits.reverse().map((pieces) => pieces.reverse().map(([index, start, end]) => markIn(spans[index], start, end))).reverse();
  chosen = -1;
  const place = document.getElementById("found-words");
  if (place) place.textContent = text.trim() ? (found.length ? `${found.length} found` : "Not found") : "";
}

// The places before the first mark of a span are in its first child. No Range: a live one for each mark is moved by
// every change after it, which takes minutes in a long transcript.
function markIn(span, start, end) {
  const text = span.firstChild;
  text.splitText(end);
  const words = text.splitText(start);
  const hit = document.createElement("mark");
  words.replaceWith(hit);
  hit.append(words);
  return hit;
}

function next(step) {
  if (!found.length) return;
  for (const piece of found[chosen] ?? []) piece.classList.remove("chosen");
  chosen = chosen < 0 && step < 0 ? found.length - 1 : (chosen + step + found.length) % found.length;
  for (const piece of found[chosen]) piece.classList.add("chosen");
  setFollowing(false);
  show(found[chosen].at(-1).closest("li"));
  document.getElementById("found-words").textContent = `${chosen + 1} of ${found.length}`;
}

async function copyWords(button) {
  const texts = [...list().querySelectorAll(".cue-text[data-words]")].map((span) => flat(span.textContent));
  confirmCopy(button, await copy(texts.join("\n")));
}

// The list as it is now may hold other words: captions and marks follow.
function onSwap() {
  const place = section();
  if (!place) return;
  const words = [...place.querySelectorAll(".cue-text")].map((span) => flat(span.textContent)).join("\n");
  const now = `${place.dataset.cues} ${words}`;
  if (now !== known && place.dataset.cues !== "0") document.dispatchEvent(new CustomEvent("words", { detail: place.dataset.language }));
  known = now;
  const field = document.getElementById("search-words");
  if (field?.value) mark(field.value);
  follow();
}

// A form to correct a cue has been put in: whoever writes there is not led away. Later than the swap, since what is
// focused after it scrolls, too.
function onSettle() {
  const form = list()?.querySelector(".cue-editing:not([data-shown])");
  if (!form) return;
  form.dataset.shown = "yes";
  setFollowing(false);
  show(form);
}

function onKey(event) {
  if (event.target.id === "search-words" && event.key === "Enter") {
    event.preventDefault();
    next(event.shiftKey ? -1 : 1);
  } else if (event.target.id === "search-words" && event.key === "Escape") {
    event.target.value = "";
    mark("");
  } else if (event.target.matches("[data-cue-form] textarea")) {
    const form = event.target.form;
    if (event.key === "Escape") form.querySelector("[data-cancel]").click();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  } else if (list()?.contains(event.target) && /^(Page|Home|End|Arrow(Up|Down))/.test(event.key)) {
    setFollowing(false);
  }
}

if (section()) {
  onSwap();
  document.addEventListener("moment", (event) => {
    at = event.detail;
    follow();
  });
  document.addEventListener("htmx:afterSwap", onSwap);
  document.addEventListener("htmx:afterSettle", onSettle);
  document.addEventListener("keydown", onKey);
  for (const kind of ["wheel", "touchmove"]) {
    document.addEventListener(kind, (event) => list()?.contains(event.target) && setFollowing(false), { passive: true });
  }
  document.addEventListener("input", (event) => event.target.id === "search-words" && mark(event.target.value));
  document.addEventListener("submit", (event) => event.target.matches("[data-search-words]") && event.preventDefault());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-follow]")) setFollowing(true);
    const button = event.target.closest("[data-copy-words]");
    if (button) copyWords(button);
    const menu = document.querySelector("[data-menu-of-words][open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
  });
}
