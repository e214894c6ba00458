// A box whose text can be copied: [data-copy] around [data-copy-text] and [data-copy-button].

import { confirmCopy, copy } from "./clipboard.js";

for (const box of document.querySelectorAll("[data-copy]")) {
  const text = box.querySelector("[data-copy-text]");
  const button = box.querySelector("[data-copy-button]");
  text.addEventListener("focus", () => text.select());
  button.addEventListener("click", async () => confirmCopy(button, await copy(text.value)));
}
