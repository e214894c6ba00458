// A card under the pointer shows what happens in its clip: tiles of the storyboard, drawn one after another.
// Not on touch screens, and not for people who want less motion.

const MAY_MOVE = window.matchMedia("(hover: hover) and (prefers-reduced-motion: no-preference)");
const WAIT = 250; // ms until the first tile: a pointer on its way across starts nothing
const PACE = 550; // ms a tile
const MOST_TILES = 12;

const boards = new Map();
let running = null;

// Cues of the storyboard: [{sheet, x, y, w, h}], at most MOST_TILES of them, spread over the clip.
async function tilesOf(address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) return [];
  const lines = (await answer.text()).split("\n").filter((line) => line.includes("#xywh="));
  const tiles = lines.map((line) => {
    const [sheet, place] = line.trim().split("#xywh=");
    const [x, y, w, h] = place.split(",").map(Number);
    return { sheet: new URL(sheet, new URL(address, window.location.href)).href, x, y, w, h };
  });
  const step = Math.max(1, tiles.length / MOST_TILES);
  return Array.from({ length: Math.min(tiles.length, MOST_TILES) }, (_, i) => tiles[Math.floor(i * step)]);
}

function picture(address) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = address;
  });
}

async function load(address) {
  const tiles = await tilesOf(address);
  const sheets = new Map();
  for (const { sheet } of tiles) if (!sheets.has(sheet)) sheets.set(sheet, await picture(sheet));
  return tiles.map((tile) => ({ ...tile, image: sheets.get(tile.sheet) }));
}

function draw(canvas, { image, x, y, w, h }) {
  const { clientWidth, clientHeight } = canvas.parentElement;
  const sharp = window.devicePixelRatio || 1;
  canvas.width = clientWidth * sharp;
  canvas.height = clientHeight * sharp;
  // Like object-fit: cover, but whole where the picture is upright.
  const fit = w < h ? Math.min : Math.max;
  const scale = fit(canvas.width / w, canvas.height / h);
  canvas.getContext("2d").drawImage(image, x, y, w, h, (canvas.width - w * scale) / 2, (canvas.height - h * scale) / 2, w * scale, h * scale);
}

function stop() {
  if (!running) return;
  clearTimeout(running.timer);
  running.canvas?.remove();
  running.bar?.remove();
  running = null;
}

function show(run, tiles, number) {
  if (running !== run || !tiles.length) return;
  const at = number % tiles.length;
  draw(run.canvas, tiles[at]);
  run.bar.style.setProperty("width", `${((at + 1) / tiles.length) * 100}%`);
  run.timer = setTimeout(() => show(run, tiles, number + 1), PACE);
}

async function begin(run) {
  const address = run.poster.dataset.storyboard;
  if (!boards.has(address)) boards.set(address, load(address).catch(() => []));
  const tiles = await boards.get(address);
  if (running !== run || tiles.length < 2) return;
  run.canvas = document.createElement("canvas");
  run.bar = document.createElement("span");
  run.bar.className = "preview-bar";
  run.poster.append(run.canvas, run.bar);
  show(run, tiles, 0);
}

function start(card) {
  const poster = card.querySelector("[data-storyboard]");
  if (!MAY_MOVE.matches || running?.card === card) return;
  stop();
  if (!poster) return;
  const run = { card, poster };
  run.timer = setTimeout(() => begin(run), WAIT);
  running = run;
}

// On the document, so that cards which htmx brings later work as well.
function follow(target) {
  const card = target instanceof Element ? target.closest("[data-card]") : null;
  if (card) start(card);
  else stop();
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "touch") follow(event.target);
});
document.documentElement.addEventListener("pointerleave", stop);
document.addEventListener("focusin", (event) => follow(event.target));
