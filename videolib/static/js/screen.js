// What can be read on the screen at this moment: in a list beside the picture, and over a paused picture as text that
// can be selected. The list is swapped by htmx when it has been read, so its lines are looked up after every swap.

import { confirmCopy, copy } from "./clipboard.js";

// Milliseconds within which a second click belongs to the first.
const DOUBLE_CLICK = 350;

let lines = [];
let at = Number(document.querySelector("[data-player]")?.dataset.start) || 0;
let showsAll = false;
let drawn = "";
let plays = 0;

function section() {
  return document.querySelector("[data-screen]");
}

function video() {
  return document.querySelector("video[data-player]");
}

function collect() {
  lines = [...(document.querySelector("[data-screen-lines]")?.children ?? [])].map((item) => {
    const [left, top, width, height] = item.dataset.box.split(" ").map(Number);
    const text = item.querySelector("span").textContent;
    return { item, text, left, top, width, height, start: Number(item.dataset.start), end: Number(item.dataset.end) };
  });
}

// A jump to where a line begins may land a hair before it.
function now() {
  return lines.filter(({ start, end }) => start <= at + 0.01 && at < end);
}

function show() {
  const place = section();
  if (!place || !lines.length) return;
  const shown = new Set(now());
  place.toggleAttribute("data-only-now", !showsAll);
  for (const line of lines) {
    line.item.hidden = !showsAll && !shown.has(line);
    if (showsAll && shown.has(line)) line.item.setAttribute("aria-current", "true");
    else line.item.removeAttribute("aria-current");
  }
  place.querySelector("[data-screen-nothing]").hidden = showsAll || shown.size > 0;
}

// As people read it: from top to bottom, what stands in one row from left to right.
function asRead(some) {
  const rows = [];
  for (const line of [...some].sort((one, other) => one.top - other.top)) {
    const row = rows.at(-1);
    if (row && line.top < row[0].top + row[0].height / 2) row.push(line);
    else rows.push([line]);
  }
  const inRow = (row) => row.sort((one, other) => one.left - other.left).map(({ text }) => text).join("\t");
  return rows.map(inRow).join("\n");
}

async function copyLines(button) {
  confirmCopy(button, await copy(asRead(showsAll ? lines : now())));
}

// Where in its element the picture itself is, pixels: the element may be wider or higher.
function pictureIn(film) {
  const scale = Math.min(film.clientWidth / film.videoWidth, film.clientHeight / film.videoHeight);
  const [width, height] = [film.videoWidth * scale, film.videoHeight * scale];
  const left = film.offsetLeft + (film.clientWidth - width) / 2;
  return { left, top: film.offsetTop + (film.clientHeight - height) / 2, width, height };
}

function place(element, { left, top, width, height }) {
  for (const [name, value] of Object.entries({ left, top, width, height })) element.style[name] = `${value}px`;
}

function clear() {
  document.querySelector(".screen-overlay")?.remove();
  drawn = "";
}

// Text over the paused picture, each line where it stands and as wide as it is there.
function lay() {
  const film = video();
  const wrapper = film?.closest(".plyr__video-wrapper");
  // Before it begins, the poster hides the picture.
  const shown = film?.paused && film.videoWidth && film.currentTime > 0 ? now() : [];
  if (!wrapper || !shown.length) {
    clear();
    return;
  }
  const picture = pictureIn(film);
  const wanted = `${lines.indexOf(shown[0])} ${shown.length} ${shown.at(-1).start} ${Object.values(picture)}`;
  if (wanted === drawn) return;
  clear();
  drawn = wanted;
  const layer = document.createElement("div");
  layer.className = "screen-overlay";
  // The list beside the picture says the same to who hears it.
  layer.setAttribute("aria-hidden", "true");
  place(layer, picture);
  const spans = shown.map((line) => spanOf(line, picture));
  layer.append(...spans.flatMap((span) => [span, "\n"]));
  wrapper.append(layer);
  const widths = spans.map((span) => span.offsetWidth);
  spans.forEach((span, index) => {
    if (widths[index]) span.style.transform = `scaleX(${(shown[index].width * picture.width) / widths[index]})`;
  });
}

function spanOf(line, picture) {
  const span = document.createElement("span");
  span.textContent = line.text;
  span.style.left = `${line.left * picture.width}px`;
  span.style.top = `${line.top * picture.height}px`;
  span.style.fontSize = `${line.height * picture.height}px`;
  return span;
}

// Whoever selects does not want the picture to move on. A single click plays as anywhere on the picture, but only once
// it is known to be one.
function onClickOnText(event) {
  if (!event.target.closest?.(".screen-overlay")) return;
  event.stopPropagation();
  clearTimeout(plays);
  if (event.detail > 1 || !getSelection().isCollapsed) return;
  plays = setTimeout(() => video()?.play().catch(() => {}), DOUBLE_CLICK);
}

function refresh() {
  show();
  lay();
}

if (document.querySelector("[data-watch]")) {
  collect();
  refresh();
  document.addEventListener("moment", (event) => {
    at = event.detail;
    refresh();
  });
  document.addEventListener("htmx:afterSwap", () => {
    collect();
    refresh();
  });
  document.addEventListener("click", (event) => {
    const copies = event.target.closest("[data-screen-copy]");
    const all = event.target.closest("[data-screen-all]");
    if (copies) copyLines(copies);
    if (all) {
      showsAll = !showsAll;
      all.setAttribute("aria-pressed", String(showsAll));
      show();
    }
  });
  document.addEventListener("click", onClickOnText, true);
  // These do not bubble.
  document.addEventListener("play", clear, true);
  document.addEventListener("pause", refresh, true);
  document.addEventListener("loadeddata", refresh, true);
  addEventListener("resize", lay);
}
