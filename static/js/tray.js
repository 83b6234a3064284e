// The ticks on a page and the compare tray say the same; V opens the board.

const sync = () => {
  const tray = document.getElementById("tray");
  if (!tray) return;
  const inside = new Set((tray.dataset.runs ?? "").split(" "));
  for (const box of document.querySelectorAll(".compare-box")) box.checked = inside.has(box.value);
};

// What was ticked on the page is the truth while its answer is on the way: more may be ticked meanwhile.
// Only a refusal, and what is taken out in the tray itself, changes the ticks.
document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (target.id !== "tray") return;
  const isOfPage = detail.requestConfig?.elt?.id === "compare-form";
  if (!isOfPage || target.querySelector(".tray-problem")?.textContent) sync();
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) sync();
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "v" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog")) return;
  document.querySelector("[data-tray-go]")?.click();
});
