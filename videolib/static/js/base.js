// On every page: the menu, and a sentence when a request of htmx fails.

const menu = document.querySelector("[data-menu]");

document.addEventListener("click", (event) => {
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu?.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Forms that delete ask first; without JavaScript they act at once, and what they do can be undone.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset?.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

const SENTENCES = {
  403: "You may not do that. Sign in again, or ask a curator.",
  404: "That is no longer there. Reload the page.",
  413: "That is too large.",
};

function say(sentence) {
  const notice = document.createElement("div");
  notice.className = "notice notice-error";
  const text = document.createElement("p");
  text.textContent = sentence;
  notice.append(text);
  document.getElementById("messages")?.replaceChildren(notice);
}

document.addEventListener("htmx:responseError", (event) => {
  const { status, responseText } = event.detail.xhr;
  // Whoever counts says in its answer how long to wait.
  say(status === 429 ? responseText : SENTENCES[status] ?? "That did not work. Try again in a moment.");
});
document.addEventListener("htmx:sendError", () => say("The library does not answer. Check your connection, then try again."));

// A session that ran out answers with the sign-in page: go there instead of putting it into a corner of this one.
document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = event.detail.xhr.responseURL;
  if (!answered || !new URL(answered).pathname.startsWith("/accounts/login")) return;
  event.detail.shouldSwap = false;
  window.location.reload();
});

// What was not chosen has no place in an address that people share.
document.addEventListener("htmx:configRequest", (event) => {
  const { elt, parameters } = event.detail;
  if (!elt.matches("[data-short-address]")) return;
  for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
});
