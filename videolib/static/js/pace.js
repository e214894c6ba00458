// How fast bytes travel: how long they still need, in words, and how many go in one request.

// Long enough to be calm, short enough to notice that the line got slower.
const WINDOW = 8000;
// A request costs the same whatever it brings, and what was cut in one is told only when it ends.
export const PIECE = 8 * 1024 ** 2;
const LARGEST_PIECE = 64 * 1024 ** 2;

export function sizeOf(bytes) {
  const units = [bytes === 1 ? "byte" : "bytes", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) { bytes /= 1024; unit += 1; }
  return `${unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

function timeOf(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s left`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min left`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min left`;
}

export class Pace {
  constructor() {
    this.marks = [];
    this.pieceBegan = performance.now();
  }

  // How many bytes the line takes in a second, now that it took so many since the last time.
  pieceAfter(bytes) {
    const milliseconds = performance.now() - this.pieceBegan;
    this.pieceBegan += milliseconds;
    return Math.round(Math.min(LARGEST_PIECE, Math.max(PIECE, (1000 * bytes) / milliseconds)));
  }

  describe(sent, total) {
    const now = performance.now();
    this.marks.push([now, sent]);
    while (this.marks.length > 2 && now - this.marks[0][0] > WINDOW) this.marks.shift();
    const [since, before] = this.marks[0];
    const speed = (sent - before) / Math.max(0.001, (now - since) / 1000);
    const percent = `${Math.floor((100 * sent) / total)} %`;
    if (now - since < 500 || speed <= 0) return percent;
    return [percent, `${sizeOf(speed)}/s`, sent < total ? timeOf((total - sent) / speed) : ""].filter(Boolean).join(" · ");
  }
}
