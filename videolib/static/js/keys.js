// The keys of the player, anywhere on the page where nobody types.

import { toggleCaptions } from "./player.js";

const FRAME = 1 / 30;

export function listen(getPlayer, { copyLink, showKeys }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !isFree(event)) return;
    if (event.key === "?") {
      event.preventDefault();
      showKeys();
      return;
    }
    const player = getPlayer();
    const deed = player?.plyr && deedOf(event.key, player.plyr, copyLink);
    if (!deed) return;
    event.preventDefault();
    deed();
  });
}

// Typing, dialogs, and buttons that are pressed with the same key come first.
function isFree(event) {
  const { target, key } = event;
  if (document.querySelector("dialog[open]") || target.isContentEditable || target.closest("[role=menu]")) return false;
  if (target.matches("textarea, select, input:not([type=range])")) return false;
  if (target.matches("input[type=range]")) return !key.startsWith("Arrow");
  const presses = key === " " || key === "Enter";
  return !(presses && target.closest("a, button, summary, label"));
}

function deedOf(key, plyr, copyLink) {
  if (/^[0-9]$/.test(key)) return () => (plyr.currentTime = (plyr.duration * Number(key)) / 10);
  return {
    " ": () => plyr.togglePlay(),
    k: () => plyr.togglePlay(),
    j: () => plyr.rewind(10),
    l: () => plyr.forward(10),
    ArrowLeft: () => plyr.rewind(5),
    ArrowRight: () => plyr.forward(5),
    ArrowUp: () => plyr.increaseVolume(0.1),
    ArrowDown: () => plyr.decreaseVolume(0.1),
    ",": () => step(plyr, -FRAME),
    ".": () => step(plyr, FRAME),
    "<": () => changeSpeed(plyr, -1),
    ">": () => changeSpeed(plyr, 1),
    m: () => (plyr.muted = !plyr.muted),
    f: () => plyr.fullscreen.toggle(),
    c: () => toggleCaptions(plyr),
    t: copyLink,
  }[key.length === 1 ? key.toLowerCase() : key];
}

function step(plyr, seconds) {
  plyr.pause();
  plyr.currentTime += seconds;
}

function changeSpeed(plyr, by) {
  const speeds = plyr.config.speed.options;
  const next = speeds[speeds.indexOf(plyr.speed) + by];
  if (next) plyr.speed = next;
}
