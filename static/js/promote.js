// Words of the run's prompt become a variable: selected, named after themselves, listed below.

const note = document.getElementById("variable-note");
const preview = document.getElementById("preview");

const isSpent = new Set(["a", "an", "the", "of", "on", "in", "with", "and", "to"]);

const nameFor = (words, prompt) => {
  const parts = words.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const telling = parts.filter((part) => !isSpent.has(part)).slice(-2);
  let name = telling.join("_").slice(0, 30).replace(/^\d+_*/, "") || "words";
  const stem = name;
  for (let count = 2; new RegExp(`\\{\\{\\s*${name}\\b`).test(prompt); count += 1) name = `${stem}_${count}`;
  return name;
};

const makeVariable = (field) => {
  const { selectionStart: start, selectionEnd: end, value } = field;
  const selected = value.slice(start, end);
  const words = selected.trim();
  field.focus();
  if (!words || /[{}]/.test(words)) {
    note.textContent = "Select the words in the prompt that differ from job to job, then press again.";
    return;
  }
  const from = start + selected.indexOf(words);
  const name = nameFor(words, value);
  field.setRangeText(`{{ ${name} }}`, from, from + words.length, "end");
  // The name stays selected: typing on renames it.
  field.setSelectionRange(from + 3, from + 3 + name.length);
  note.textContent = `“${words}” is now the variable ${name}. Type to rename it.`;
  preview.click();
};

for (const button of document.querySelectorAll("[data-make-variable]")) {
  const field = document.getElementById(button.dataset.makeVariable);
  // The press must not take the selection away from the prompt.
  button.addEventListener("mousedown", (event) => event.preventDefault());
  button.addEventListener("click", () => makeVariable(field));
  field.addEventListener("change", () => preview.click());
}
