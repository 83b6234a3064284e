// A pile of results by keyboard: one card has the focus, a key judges it, and the next comes.

const done = []; // what was changed: { id, name, value } of before, newest last

const cards = () => [...document.querySelectorAll(".review-card")];
const current = () => document.activeElement?.closest?.(".review-card");

const say = (text) => {
  const status = document.querySelector("[data-review-status]");
  if (status) status.textContent = text;
};

const focus = (card) => {
  card?.focus({ preventScroll: true });
  card?.scrollIntoView({ block: "nearest" });
};

const step = (by) => {
  const all = cards();
  const at = all.indexOf(current());
  focus(all[Math.min(all.length - 1, Math.max(0, at + by))] ?? all[0]);
};

// What a key stands for, as the form of a card names it.
const meant = { p: ["verdict", "accepted"], x: ["verdict", "rejected"], u: ["verdict", "undecided"] };
for (const rating of "012345") meant[rating] = ["rating", rating];

const before = (card, name) => ({
  id: card.id,
  name,
  value: name === "verdict" ? card.dataset.verdict || "undecided" : card.dataset.rating,
});

let waiting = Promise.resolve(); // judgements are sent one after the other, so that none overtakes

const send = (id, name, value) => {
  waiting = waiting.then(() => {
    const path = document.getElementById(id)?.querySelector("form").getAttribute("action");
    const had = document.activeElement?.id === id;
    return htmx
      .ajax("POST", path, {
        source: document.body, target: `#${id}`, swap: "outerHTML", values: { review: 1, [name]: value },
      })
      .then(() => had && focus(document.getElementById(id)));
  });
};

const judge = (card, key) => {
  const [name, value] = meant[key];
  done.push(before(card, name));
  if (name === "verdict" && key !== "u") focus(card.nextElementSibling ?? card);
  send(card.id, name, value);
};

const undo = () => {
  const last = done.pop();
  const card = last && document.getElementById(last.id);
  if (!card) {
    say("Nothing to undo.");
    return;
  }
  focus(card);
  send(last.id, last.name, last.value);
  say("The last judgement is undone.");
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest?.("textarea, select, input:not([type=checkbox])")) return;
  if (document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const card = current();
  if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
  else if (key === "z") undo();
  else if (card && meant[key]) judge(card, key);
  else if (card && key === "c") card.querySelector("input[type=checkbox]").click();
  else if (card && key === "o") card.querySelector(".run-card-title").click();
  else if (key === "enter" && event.target === card) document.querySelector("[data-compare-go]").click();
  else return;
  event.preventDefault();
});

// What a press of the mouse changes can be taken back as well.
document.addEventListener("htmx:beforeRequest", (event) => {
  const card = event.target.closest?.(".review-card");
  const name = event.detail.requestConfig?.triggeringEvent?.submitter?.name;
  if (card && name) done.push(before(card, name));
});

if (!current()) focus(cards()[0]);
