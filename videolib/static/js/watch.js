// The watch page: starts the player, again when there is a better one, and joins it to keys, links and dialogs.
// Other modules speak with it through two events on document: "moment" (detail: seconds), "words" (detail: language).

import { confirmCopy, copy } from "./clipboard.js";
import { listen } from "./keys.js";
import { startPlayer } from "./player.js";

const address = document.querySelector("[data-watch]")?.dataset.watch;
let player = null;
let versions = document.getElementById("progress")?.dataset.versions;
let betterWaits = false;
let goesOn = false;

function start() {
  const video = document.querySelector("video[data-player]");
  if (!video || video === player?.video) return;
  player = startPlayer(video, { onTrouble: say });
  video.addEventListener("timeupdate", tell);
  video.addEventListener("seeked", tell);
  video.addEventListener("pause", improve);
  // A short hiccup is none of it: only who still waits after that is helped by a new start.
  video.addEventListener("waiting", () => setTimeout(improve, 1500));
  if (goesOn) video.addEventListener("canplay", () => player.plyr?.play(), { once: true });
  goesOn = false;
  showNow(Number(video.dataset.start) || 0);
}

function tell(event) {
  if (event.currentTarget !== player?.video) return;
  const seconds = player.video.currentTime;
  showNow(seconds);
  document.dispatchEvent(new CustomEvent("moment", { detail: seconds }));
}

function say(sentence) {
  const notice = document.createElement("p");
  notice.className = "notice notice-error";
  notice.setAttribute("role", "alert");
  notice.textContent = sentence;
  document.querySelector(".watch-stage .notice")?.remove();
  document.getElementById("stage").append(notice);
}

// Better versions and previews have come: take them in when nobody watches this very moment, or when the line is
// too slow for what there was. The page is asked for the stage as it is now; the second stays.
async function improve() {
  if (!betterWaits || !player?.plyr || player.video.seeking || player.plyr.fullscreen.active) return;
  if (!player.video.paused && player.video.readyState > 2) return;
  betterWaits = false;
  goesOn = !player.video.paused;
  const seconds = player.video.currentTime.toFixed(3);
  const last = player;
  player = null;
  await last.stop();
  window.htmx.ajax("GET", `${address}?part=stage&t=${seconds}`, { target: "#stage", swap: "outerHTML" });
}

function showNow(seconds) {
  for (const place of document.querySelectorAll("[data-now]")) place.textContent = clock(seconds);
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return whole < 3600 ? `${minutes}:${rest}` : `${Math.floor(whole / 3600)}:${String(minutes).padStart(2, "0")}:${rest}`;
}

function linkToNow() {
  const tenths = Math.round((player?.video.currentTime ?? 0) * 10) / 10;
  return new URL(tenths ? `${address}?t=${tenths}` : address, location.origin).href;
}

async function copyLink(button = document.querySelector("[data-copy-link]")) {
  const copied = await copy(linkToNow());
  if (button) confirmCopy(button, copied);
}

function jump(seconds) {
  if (!player?.plyr) return false;
  player.plyr.currentTime = seconds;
  player.plyr.play()?.catch(() => {});
  document.querySelector(".watch-stage").scrollIntoView({ block: "nearest", behavior: "smooth" });
  return true;
}

function onClick(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const target = event.target.closest("[data-jump], [data-copy-link], [data-opens], [data-closes]");
  if (!target) return;
  const { jump: seconds, copyLink: copies, opens } = target.dataset;
  if (seconds !== undefined) {
    if (jump(Number(seconds))) event.preventDefault();
  } else if (copies !== undefined) {
    copyLink(target);
  } else if (opens) {
    event.preventDefault();
    document.getElementById(opens).showModal();
  } else if (target.closest("dialog")) {
    event.preventDefault();
    target.closest("dialog").close();
  }
}

// What was worked on can be played: the whole of it is drawn anew, words and buttons included.
function arrive() {
  window.htmx.ajax("GET", address + location.search, { target: ".watch", select: ".watch", swap: "outerHTML" });
}

function onSwap() {
  if (document.querySelector("#stage [data-status=ready]")) {
    arrive();
    return;
  }
  start();
  const now = document.getElementById("progress")?.dataset.versions;
  if (now !== versions && player) {
    betterWaits = versions !== undefined;
    improve();
  }
  versions = now;
}

if (address) {
  start();
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:afterSwap", onSwap);
  document.addEventListener("words", (event) => player?.trackWords(event.detail));
  listen(() => player, { copyLink: () => copyLink(), showKeys: () => document.getElementById("keys").showModal() });
}
