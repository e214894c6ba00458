// The picture: Plyr on hls.js; native HLS where that is all there is (Safari on a phone).

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const AUTO = 0;
// How much is fetched ahead. hls.js would fetch sixty megabytes, most of a clip: too much for somebody whose right ends.
const SECONDS_AHEAD = 45;
// Until somebody presses play, the first seconds are enough.
const SECONDS_AHEAD_OF_PLAY = 10;
const CAPTIONS_WANTED = "videolib.captions";
const HLS_TYPE = "application/vnd.apple.mpegurl";

// Starts the player on a <video data-player>. What it gives back: video, plyr, trackWords(), stop().
export function startPlayer(video, { onTrouble }) {
  const at = Number(video.dataset.start) || 0;
  for (const source of video.querySelectorAll("source")) source.remove();
  video.preload = "metadata";
  const player = { video, plyr: null, hls: null, stop: () => stop(player) };
  player.trackWords = (language) => trackWords(player, language);
  if (window.Hls?.isSupported()) startHls(player, at, onTrouble);
  else if (video.canPlayType(HLS_TYPE)) startNative(player, at, onTrouble);
  else onTrouble("This browser cannot play the clip. Use a current Firefox, Chrome, Edge or Safari.");
  return player;
}

function startHls(player, at, onTrouble) {
  const { video } = player;
  const hls = new window.Hls({
    startPosition: at || -1,
    maxBufferLength: SECONDS_AHEAD_OF_PLAY,
    maxMaxBufferLength: SECONDS_AHEAD_OF_PLAY,
    // A library stands near its people: begin with a sharp picture, and go down where the line is slow.
    abrEwmaDefaultEstimate: 8_000_000,
  });
  player.hls = hls;
  // Plyr first, then the media: Plyr copies the element, and a copy would ask for the media of the other in vain.
  hls.once(window.Hls.Events.MANIFEST_PARSED, () => {
    dress(player, qualityOf(hls));
    hls.attachMedia(video);
  });
  hls.on(window.Hls.Events.ERROR, (_, error) => mend(hls, error, onTrouble));
  const fetchAhead = () => (hls.config.maxBufferLength = hls.config.maxMaxBufferLength = SECONDS_AHEAD);
  video.addEventListener("play", fetchAhead, { once: true });
  hls.loadSource(video.dataset.main);
}

function mend(hls, error, onTrouble) {
  if (!error.fatal) return;
  const { NETWORK_ERROR, MEDIA_ERROR } = window.Hls.ErrorTypes;
  const status = error.response?.code;
  hls.mendings = (hls.mendings ?? 0) + 1;
  if (status === 404 || status === 403) {
    // What was fetched ahead is theirs no more either.
    hls.detachMedia();
    onTrouble("This clip is not shared with you any more, or it was deleted.");
  } else if (hls.mendings > 6) onTrouble("The picture does not load. Check your connection, then reload the page.");
  else if (error.type === NETWORK_ERROR) setTimeout(() => hls.startLoad(), 1000 * hls.mendings);
  else if (error.type === MEDIA_ERROR) hls.recoverMediaError();
  else onTrouble("The picture cannot be played here. Reload the page, or try another browser.");
}

function qualityOf(hls) {
  const heights = [...new Set(hls.levels.map((level) => level.height))].sort((a, b) => b - a);
  if (heights.length < 2) return undefined;
  const choose = (height) => {
    hls.nextLevel = height === AUTO ? -1 : hls.levels.findIndex((level) => level.height === height);
  };
  return { default: AUTO, options: [AUTO, ...heights], forced: true, onChange: choose };
}

function startNative(player, at, onTrouble) {
  const { video } = player;
  video.src = video.dataset.main;
  if (at) video.addEventListener("loadedmetadata", () => (video.currentTime = at), { once: true });
  video.addEventListener("error", () => onTrouble("The picture does not load. Reload the page."), { once: true });
  dress(player, undefined);
}

function dress(player, quality) {
  if (player.plyr) return;
  const { video } = player;
  const { storyboard, icons, blank } = video.dataset;
  player.plyr = new window.Plyr(video, {
    iconUrl: icons,
    blankVideo: blank,
    controls: ["play-large", "play", "progress", "current-time", "duration", "mute", "volume", "captions", "settings", "pip", "fullscreen"],
    settings: ["captions", "quality", "speed"],
    ...(quality && { quality }),
    speed: { selected: 1, options: SPEEDS },
    captions: { active: wantsCaptions(), update: true },
    previewThumbnails: { enabled: Boolean(storyboard), src: storyboard ?? "" },
    // keys.js knows more keys than Plyr, and keeps away from fields.
    keyboard: { focused: false, global: false },
    tooltips: { controls: true, seek: true },
    fullscreen: { enabled: true, fallback: true, iosNative: true },
    invertTime: false,
    storage: { enabled: true, key: "videolib.player" },
    i18n: { qualityLabel: { [AUTO]: "Auto" } },
  });
  rememberCaptions(player.plyr);
}

// Plyr remembers captions only in the browser's own language: a German clip in an English browser would forget them.
function rememberCaptions(plyr) {
  let heard = false;
  plyr.on("ready", () => setTimeout(() => {
    if (wantsCaptions()) toggleCaptions(plyr, true);
    heard = true;
  }, 50));
  plyr.on("captionsenabled", () => heard && keep("on"));
  plyr.on("captionsdisabled", () => heard && keep("off"));
}

// Plyr stumbles where there is nothing to show.
export function toggleCaptions(plyr, on) {
  if (plyr.media.textTracks.length) plyr.toggleCaptions(on);
}

function keep(choice) {
  try {
    localStorage.setItem(CAPTIONS_WANTED, choice);
  } catch {
    // Storage is switched off: nothing is remembered, all else works.
  }
}

function wantsCaptions() {
  try {
    return localStorage.getItem(CAPTIONS_WANTED) === "on";
  } catch {
    return false;
  }
}

// New or corrected words: the captions follow without a reload.
function trackWords({ video, plyr }, language) {
  const fresh = `${video.dataset.captions}?at=${Date.now()}`;
  const track = video.querySelector("track");
  if (track) {
    track.src = fresh;
    return;
  }
  const made = document.createElement("track");
  Object.assign(made, { kind: "captions", label: "Captions", srclang: language || "en", src: fresh });
  video.append(made);
  if (plyr && wantsCaptions()) setTimeout(() => toggleCaptions(plyr, true), 50);
}

function stop(player) {
  player.hls?.destroy();
  return new Promise((done) => {
    if (player.plyr) player.plyr.destroy(done);
    else done();
  });
}
