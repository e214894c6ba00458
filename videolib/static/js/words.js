// A form that saves itself while somebody writes, and says so.

const QUIET = 900;

export function keepSaving(form, says) {
  let timer = 0;
  let isDirty = false;
  let isSaving = false;

  const say = (sentence, isBad = false) => {
    says.textContent = sentence;
    says.toggleAttribute("data-bad", isBad);
  };

  const post = (options) => fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, ...options });

  async function save() {
    if (isSaving || !isDirty) return;
    isSaving = true;
    isDirty = false;
    try {
      say(...(await describe(form, await post({}))));
    } catch {
      isDirty = true;
      say("Not saved yet: no connection. It is tried again with your next change.", true);
    }
    isSaving = false;
    // Something was written while this travelled.
    if (isDirty && !says.hasAttribute("data-bad")) save();
  }

  const later = (delay) => {
    isDirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, delay);
  };

  form.addEventListener("input", () => later(QUIET));
  form.addEventListener("change", () => later(0));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    later(0);
  });
  window.addEventListener("online", save);
  window.addEventListener("pagehide", () => { if (isDirty) post({ keepalive: true }); });
}

async function describe(form, answer) {
  for (const field of form.elements) field.removeAttribute("aria-invalid");
  if (answer.ok && !answer.redirected) return ["Saved"];
  if (answer.status !== 422) return ["Not saved: reload the page, then write it again.", true];
  const { errors } = await answer.json();
  const [name, sentences] = Object.entries(errors)[0];
  const field = form.querySelector(`[name="${CSS.escape(name)}"]`);
  field?.setAttribute("aria-invalid", "true");
  const label = field?.labels?.[0]?.firstChild.textContent.trim();
  return [`Not saved. ${label ? `${label}: ` : ""}${sentences[0]}`, true];
}
