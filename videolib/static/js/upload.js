// The upload page: files come in by drop or button, wait in a queue, and go off a few at a time (transfer.js).

import { Transfer, fingerprintOf } from "./transfer.js";

// More at once would only share the same line, and keep server threads busy.
const MOST_AT_ONCE = 3;
const ON_THE_WAY = ["waiting", "sending", "retrying"];

class UploadPage {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector("[data-transfers]");
    this.mould = root.querySelector("[data-transfer-template]");
    this.notice = root.querySelector("[data-notice]");
    this.transfers = [...this.list.children].map((item) => this.adopt(new Transfer(item, root.dataset)));
    this.listen();
  }

  adopt(transfer) {
    transfer.element.addEventListener("transfer:moved", () => this.next());
    transfer.element.addEventListener("transfer:gone", () => this.forget(transfer));
    return transfer;
  }

  listen() {
    const files = this.root.querySelector("[data-files]");
    this.root.querySelector("[data-choose]").addEventListener("click", () => files.click());
    files.addEventListener("change", () => {
      this.add([...files.files]);
      files.value = "";
    });
    this.listenForDrops();
    window.addEventListener("online", () => this.transfers.forEach((transfer) => transfer.hurry()));
    window.addEventListener("beforeunload", (event) => {
      if (this.transfers.some((transfer) => ON_THE_WAY.includes(transfer.state))) event.preventDefault();
    });
  }

  // Anywhere on the page. dragleave also fires between two elements, so entries are counted.
  listenForDrops() {
    const page = document.documentElement;
    let inside = 0;
    const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const show = () => page.classList.toggle("is-dropping", inside > 0);
    page.addEventListener("dragenter", (event) => { if (brings(event)) { inside += 1; show(); } });
    page.addEventListener("dragleave", (event) => { if (brings(event)) { inside = Math.max(0, inside - 1); show(); } });
    page.addEventListener("dragover", (event) => { if (brings(event)) event.preventDefault(); });
    page.addEventListener("drop", (event) => {
      if (!brings(event)) return;
      event.preventDefault();
      inside = 0;
      show();
      this.drop(event.dataTransfer);
    });
  }

  drop(dropped) {
    const entries = [...dropped.items].filter((item) => item.kind === "file");
    const files = entries.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile());
    this.add(files.filter(Boolean));
    if (files.length < entries.length) this.say("Folders cannot be uploaded. Open the folder and drop the recordings in it.");
  }

  add(files) {
    this.say("");
    const known = [];
    for (const file of files) {
      const match = this.transfers.find((transfer) => transfer.fingerprint === fingerprintOf(file));
      if (!match) this.begin(file);
      else if (match.state === "unfinished") match.take(file);
      else known.push(file.name);
    }
    if (known.length) this.say(`Already in the list: ${known.join(", ")}.`);
    this.next();
  }

  begin(file) {
    const element = this.mould.content.firstElementChild.cloneNode(true);
    this.list.append(element);
    this.root.dataset.busy = "";
    const transfer = this.adopt(new Transfer(element, this.root.dataset));
    // One form open is an invitation, ten are a wall.
    element.querySelector("details").open = this.transfers.length === 0;
    this.transfers.push(transfer);
    transfer.take(file);
  }

  next() {
    const busy = this.transfers.filter((transfer) => ["sending", "retrying"].includes(transfer.state)).length;
    this.transfers
      .filter((transfer) => transfer.state === "waiting")
      .slice(0, Math.max(0, MOST_AT_ONCE - busy))
      .forEach((transfer) => transfer.send());
  }

  forget(transfer) {
    this.transfers = this.transfers.filter((other) => other !== transfer);
    transfer.element.remove();
    if (!this.transfers.length) delete this.root.dataset.busy;
    this.root.querySelector("[data-choose]").focus();
    this.next();
  }

  say(sentence) {
    this.notice.hidden = !sentence;
    this.notice.querySelector("p").textContent = sentence;
  }
}

const root = document.querySelector("[data-upload]");
if (root) new UploadPage(root);
