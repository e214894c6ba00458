// One file on its way to the server, by tus: resumed at the exact byte after a pause, a lost network or a reload.

import { keepSaving } from "./words.js";
import { Pace, PIECE, sizeOf } from "./pace.js";
import { protection, secondsToWait, whyAgain, whyNot } from "./answers.js";

// Half an hour of patience; any byte that gets through starts it anew.
const RETRY_DELAYS = [0, 1000, 2000, 4000, 8000, 15000, ...Array(60).fill(30000)];

const STATES = {
  waiting: { does: [], says: "Waiting for its turn." },
  sending: { does: ["pause"], says: "Uploading." },
  paused: { does: ["resume"], says: "Paused." },
  retrying: { does: ["pause"], says: "" },
  stopped: { does: ["retry"], says: "" },
  refused: { does: [], says: "" },
  unfinished: { does: ["choose"], says: "" },
  done: { does: [], says: "All of it has arrived." },
};

// What tells one file from another without reading it. The server keeps it, so that any browser finds its upload again.
export function fingerprintOf(file) {
  return [file.name, file.size, file.lastModified].join("/");
}

export class Transfer {
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.url = element.dataset.url ?? null;
    this.fingerprint = element.dataset.fingerprint ?? null;
    this.state = "unfinished";
    this.listen();
    if (this.url) this.show("unfinished", this.part("[data-says]").textContent);
  }

  part(selector) {
    return this.element.querySelector(selector);
  }

  listen() {
    const deeds = { pause: () => this.pause(), resume: () => this.wait(), retry: () => this.wait(), choose: () => this.part("[data-file]").click() };
    for (const button of this.element.querySelectorAll("[data-does]")) {
      button.addEventListener("click", deeds[button.dataset.does]);
    }
    this.part("[data-file]").addEventListener("change", (event) => this.takeAgain(event.target.files[0]));
    this.part("[data-made]").addEventListener("htmx:afterSwap", () => { this.part("[data-way]").hidden = true; });
    this.part("details").addEventListener("toggle", () => this.loadWords());
    this.part("[data-cancel]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.cancel();
    });
  }

  // The person says that this is the file; its name may have changed, its size must not have.
  takeAgain(file) {
    if (!file) return;
    if (file.size === Number(this.element.dataset.size)) this.take(file);
    else this.show("unfinished", `That is another file: this one has ${sizeOf(Number(this.element.dataset.size))}, that one ${sizeOf(file.size)}.`);
  }

  take(file) {
    this.file = file;
    this.fingerprint = fingerprintOf(file);
    this.part("[data-name]").textContent = file.name;
    this.part("[data-name-again]").textContent = ` ${file.name}`;
    this.part("[data-size-shown]").textContent = sizeOf(file.size);
    this.wait();
  }

  wait() {
    this.show("waiting");
  }

  send() {
    this.pace = new Pace();
    this.transport ??= this.newTransport();
    this.transport.options.chunkSize = PIECE;
    this.show("sending", this.url ? "Uploading." : "Starting.");
    this.transport.start();
  }

  newTransport() {
    return new window.tus.Upload(this.file, {
      endpoint: this.page.endpoint,
      uploadUrl: this.url,
      retryDelays: RETRY_DELAYS,
      // The server lists what is unfinished; nothing of it is left behind in a browser that others may use.
      storeFingerprintForResuming: false,
      metadata: { filename: this.file.name, fingerprint: this.fingerprint },
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", protection()),
      onUploadUrlAvailable: () => this.begun(),
      onChunkComplete: (bytes) => { this.transport.options.chunkSize = this.pace.pieceAfter(bytes); },
      onProgress: (sent, total) => this.progress(sent, total),
      onShouldRetry: (error) => this.mayRetry(error),
      onSuccess: () => this.finished(),
      onError: (error) => this.failed(error),
    });
  }

  begun() {
    const address = new URL(this.transport.url, window.location.href).pathname;
    this.show("sending");
    // Not the one that was gone on with: the server knew that no more, and this is a new one.
    if (address !== this.url) this.part("[data-words]").replaceChildren();
    this.url = address;
    this.loadWords();
  }

  // The form of the waiting clip: fetched once the upload has begun, or when somebody opens it.
  async loadWords() {
    if (this.part("[data-words-form]") || !this.url) return;
    const code = this.url.split("/").filter(Boolean).pop();
    const answer = await fetch(this.page.row.replace(/[0-9a-f-]{36}/, code));
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // Two may have been on their way.
    if (this.part("[data-words-form]")) return;
    this.part("[data-words]").replaceChildren(...page.body.children);
    this.part("details").hidden = false;
    keepSaving(this.part("[data-words-form]"), this.part("[data-saved]"));
    if (this.state === "done") this.showMade();
  }

  progress(sent, total) {
    if (this.state !== "sending") this.show("sending");
    this.part("progress").value = (100 * sent) / total;
    this.part("[data-numbers]").textContent = this.pace.describe(sent, total);
  }

  mayRetry(error) {
    const news = whyAgain(error);
    if (news) this.show("retrying", news);
    return Boolean(news);
  }

  // Many at once are begun by and by: the server says how long to wait.
  failed(error) {
    this.show(...whyNot(error));
    const seconds = secondsToWait(error);
    if (seconds) window.setTimeout(() => { if (this.state === "stopped") this.wait(); }, 1000 * seconds);
  }

  pause() {
    this.transport.abort();
    this.show("paused");
  }

  // The network is back: do not wait for the next try.
  hurry() {
    if (this.state !== "retrying") return;
    this.transport.abort();
    this.send();
  }

  finished() {
    this.show("done");
    this.part("[data-cancel]").hidden = true;
    this.showMade();
  }

  // From here on the server tells how far it is, see status.js and templates/clips/_status.html.
  showMade() {
    const address = this.part("[data-words-form]")?.dataset.statusAddress;
    if (address) window.htmx.ajax("GET", address, { target: this.part("[data-made]"), swap: "innerHTML" });
  }

  async cancel() {
    if (this.url && !window.confirm("Cancel this upload? What has arrived of it, and what you wrote about it, is removed.")) return;
    this.transport?.abort();
    if (this.url && !(await this.remove())) {
      this.show("stopped", "It could not be cancelled: the library does not answer. Try again in a moment.");
      return;
    }
    this.element.dispatchEvent(new Event("transfer:gone"));
  }

  async remove() {
    try {
      const answer = await fetch(this.url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0", "X-CSRFToken": protection() } });
      return answer.ok || answer.status === 404 || answer.status === 410;
    } catch {
      return false;
    }
  }

  show(state, sentence = STATES[state].says) {
    this.state = state;
    this.element.dataset.state = state;
    const says = this.part("[data-says]");
    if (says.textContent !== sentence) says.textContent = sentence;
    if (state !== "sending") this.part("[data-numbers]").textContent = "";
    for (const button of this.element.querySelectorAll("[data-does]")) {
      button.hidden = !STATES[state].does.includes(button.dataset.does);
    }
    this.element.dispatchEvent(new Event("transfer:moved"));
  }
}
