// Where a phrase stands in a list of texts, also where it runs from one into the next.

// A few letters change their length when they are lowered; they stay as they are, so that places fit.
function fold(text) {
  return text.replace(/./gsu, (letter) => {
    const low = letter.toLocaleLowerCase();
    return low.length === letter.length ? low : letter;
  });
}

export function flat(text) {
  return text.replace(/\s+/g, " ").trim();
}

// Texts are flat. One entry for each time the phrase is there: the pieces it lies on, as [text, start, end].
export function findPhrase(texts, phrase) {
  const wanted = fold(flat(phrase));
  if (!wanted) return [];
  const joined = texts.map(fold).join(" ");
  const found = [];
  let text = 0;
  let begins = 0;
  for (let from = joined.indexOf(wanted); from >= 0; from = joined.indexOf(wanted, from + wanted.length)) {
    while (begins + texts[text].length < from) begins += texts[text++].length + 1;
    found.push(piecesOf(texts, text, begins, from, from + wanted.length));
  }
  return found;
}

function piecesOf(texts, text, begins, from, to) {
  const pieces = [];
  for (let place = begins; text < texts.length && place < to; place += texts[text++].length + 1) {
    const start = Math.max(0, from - place);
    const end = Math.min(texts[text].length, to - place);
    if (start < end) pieces.push([text, start, end]);
  }
  return pieces;
}
