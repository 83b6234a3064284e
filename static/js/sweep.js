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
