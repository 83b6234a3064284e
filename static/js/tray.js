// The ticks on a page and the compare tray say the same; V opens the board.
// What is wanted is remembered until the server has it, whatever becomes of the page's parts meanwhile.
// One request is on its way at a time: of two at once, one would undo the other.

const wanted = new Map(); // run -> whether it is to be in the tray
let door = ""; // where the tray of this page is changed
let isSending = false;

const tray = () => document.getElementById("tray");
const inside = () => new Set((tray()?.dataset.runs ?? "").split(" ").filter(Boolean));

const sync = () => {
  if (!tray()) return;
  const known = inside();
  for (const box of document.querySelectorAll(".compare-box"))
    box.checked = wanted.get(box.value) ?? known.has(box.value);
};

const runs = (changes) => [...changes].filter(([, isIn]) => isIn).map(([run]) => run);

const send = async () => {
  if (isSending || !wanted.size || !tray()) return;
  isSending = true;
  const sent = new Map(wanted);
  const hadFocus = tray().contains(document.activeElement);
  const values = { shown: [...sent.keys()], run: runs(sent), next: location.pathname + location.search };
  await htmx.ajax("POST", door, { source: tray(), target: "#tray", swap: "outerHTML", values }).catch(() => {});
  for (const [run, isIn] of sent) if (wanted.get(run) === isIn) wanted.delete(run);
  isSending = false;
  sync(); // a refusal has changed nothing
  if (hadFocus && !tray().contains(document.activeElement)) tray().querySelector("button")?.focus();
  send();
};

const want = (form, changes) => {
  door = form.getAttribute("action");
  for (const [run, isIn] of changes) wanted.set(run, isIn);
  send();
};

document.addEventListener("change", ({ target }) => {
  if (target.matches(".compare-box")) want(target.form, [[target.value, target.checked]]);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("#tray button");
  if (!button) return;
  event.preventDefault();
  const out = button.name === "empty" ? [...inside()] : [button.value];
  want(button.form, out.map((run) => [run, false]));
});

// What changes by itself on a page comes with the ticks of the moment in which it was made.
for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.addEventListener(name, sync);
addEventListener("pageshow", (event) => {
  if (!event.persisted) sync();
});

// A page that is left sends what it could not send yet.
addEventListener("pagehide", () => {
  if (!wanted.size) return;
  const body = new FormData();
  body.append("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  for (const run of wanted.keys()) body.append("shown", run);
  for (const run of runs(wanted)) body.append("run", run);
  navigator.sendBeacon(door, body);
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "v" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog")) return;
  document.querySelector("[data-tray-go]")?.click();
});
