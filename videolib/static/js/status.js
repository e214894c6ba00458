// The live part of a clip that is being made (templates/clips/_status.html): its link, its news, its end.

import { confirmCopy, copy } from "./clipboard.js";

const lastState = new Map();

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy-link]");
  if (button) confirmCopy(button, await copy(new URL(button.dataset.copyLink, window.location.href).href));
});

// The part is replaced every second: a live region inside it would read out every percent, this one reads changes.
document.addEventListener("htmx:afterSettle", (event) => {
  const root = event.target.matches?.("[data-status]") ? event.target : event.target.querySelector?.("[data-status]");
  const news = document.querySelector("[data-status-news]");
  if (!root || !news || lastState.get(root.dataset.statusOf) === root.dataset.status) return;
  lastState.set(root.dataset.statusOf, root.dataset.status);
  const title = root.closest("[data-transfer]")?.querySelector("[name=title]")?.value ?? "";
  news.textContent = [title, root.querySelector("[data-status-sentence]")?.textContent].filter(Boolean).join(": ");
});

// The clip was deleted elsewhere: asking again would say so every second.
document.addEventListener("htmx:responseError", (event) => {
  const root = event.detail.elt.closest?.("[data-status]");
  if (root && event.detail.xhr.status === 404) root.remove();
});
