// Arrow keys move between the cells of a sweep's grid, C ticks; everything works by Tab without them.

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

document.addEventListener("keydown", (event) => {
  const here = event.target.closest?.("[data-sweep] td");
  if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.toLowerCase() === "c") here.querySelector(".compare-box")?.click();
  const step = STEPS[event.key];
  if (!step) return;
  const rows = here.closest("tbody").rows;
  const row = rows[here.parentElement.sectionRowIndex + step[0]];
  const cell = row?.cells[here.cellIndex + step[1]];
  const target = cell?.querySelector("td a, a, summary, button, input");
  if (!target) return;
  event.preventDefault();
  target.focus();
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
});

// An answer to the form is dropped when something was written or ticked since it was asked for: the next
// one, asked for by what was written, knows it. So no answer replaces what one has written meanwhile.
let changes = 0;
const asked = new WeakMap(); // request -> how many changes it knows

document.addEventListener("input", ({ target }) => {
  if (target.closest?.("#sweep-form")) changes += 1;
});
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.elt.id === "sweep-form") asked.set(detail.xhr, changes);
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (asked.has(detail.xhr) && asked.get(detail.xhr) !== changes) detail.shouldSwap = false;
});
