// What the server's answers to an upload mean for the person, and what it must be told to answer at all.

// Django's token against forged requests. The cookie is asked each time: signing in again, in another tab, changes it.
export function protection() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  return cookie ?? JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
}

// A sentence while it is tried again by itself; nothing when the server gave a reason that stays.
export function whyAgain(error) {
  const status = error.originalResponse?.getStatus() ?? 0;
  if (status === 409 || status === 423 || status === 460) return "One moment.";
  return status === 0 || (status >= 500 && status !== 507) ? "No connection. It goes on by itself." : "";
}

// [state, sentence]: "refused" where trying again cannot help.
export function whyNot(error) {
  const answer = error.originalResponse;
  if (!answer && !error.originalRequest) return ["refused", "This file cannot be read any more. Cancel, then choose it again."];
  if (!answer) return ["stopped", "The library does not answer. Check your connection, then try again."];
  const status = answer.getStatus();
  const sentence = answer.getBody().trim();
  if (status === 401) return ["stopped", "You are signed out. Sign in again in another tab, then try again here."];
  if (!sentence || sentence.startsWith("<")) return ["stopped", "That did not work. Try again in a moment."];
  return [status === 400 || status === 410 ? "refused" : "stopped", sentence];
}

// After how many seconds the server takes more, where it said so.
export function secondsToWait(error) {
  return Number(error.originalResponse?.getStatus() === 429 && error.originalResponse.getHeader("Retry-After")) || 0;
}
