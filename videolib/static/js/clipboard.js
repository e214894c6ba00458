// Copying: the clipboard API where the page is secure, the old command on a plain http address of an intranet.

export async function copy(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed in this frame or without focus: the old command may still be.
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "visually-hidden";
  // In an open dialog only what is inside it can be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  const before = document.activeElement;
  field.focus();
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  before?.focus();
  return copied;
}

// Says beside the button that it was done, for as long as one looks at it; screen readers hear it, too.
export function confirmCopy(button, copied) {
  const label = button.querySelector("span") ?? button;
  label.usualWords ??= [...label.childNodes];
  label.replaceChildren(copied ? "Copied" : "Not copied: select it by hand");
  label.setAttribute("role", "status");
  clearTimeout(label.copyTimer);
  label.copyTimer = setTimeout(() => {
    label.replaceChildren(...label.usualWords);
    label.removeAttribute("role");
  }, 1600);
}
