// The ticks on a page and the compare tray say the same; V opens the board.

const sync = () => {
  const tray = document.getElementById("tray");
  if (!tray) return;
  const inside = new Set((tray.dataset.runs ?? "").split(" "));
  for (const box of document.querySelectorAll(".compare-box")) box.checked = inside.has(box.value);
};

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "tray" || event.target.querySelector?.(".compare-box")) sync();
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) sync();
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "v" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog")) return;
  document.querySelector("[data-tray-go]")?.click();
});
