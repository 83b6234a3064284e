// Small conveniences of every page. Everything works without them.

import "./clips.js";
import "./tray.js";
import { enhance } from "./dropzone.js";

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

const toggleTheme = () => {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // Private windows may refuse storage; the choice then lasts for this page.
  }
};

const copyCode = async (button) => {
  const code = button.closest(".code").querySelector("code").textContent;
  await navigator.clipboard.writeText(code);
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
};

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-open], [data-close], [data-theme-toggle], [data-copy]");
  if (!target) return;
  if (target.dataset.open) document.getElementById(target.dataset.open)?.showModal();
  else if ("close" in target.dataset) target.closest("dialog").close();
  else if ("themeToggle" in target.dataset) toggleTheme();
  else copyCode(target);
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    document.getElementById("jump")?.showModal();
  } else if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    event.target.closest?.("form")?.requestSubmit();
  } else if (!typing(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (event.key === "?") document.getElementById("help")?.showModal();
    if (event.key === "/") {
      const search = document.querySelector("main input[type=search]");
      if (search) {
        event.preventDefault();
        search.focus();
      }
    }
  }
});

const filter = document.querySelector("[data-jump-filter]");
filter?.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  for (const link of document.querySelectorAll("[data-jump-list] a"))
    link.hidden = !link.textContent.toLowerCase().includes(wanted);
});
filter?.addEventListener("keydown", (event) => {
  if (event.key === "Enter")
    document.querySelector("[data-jump-list] a:not([hidden])")?.click();
});

// How much of a limit a text has used, told in the label's line from its second half on.
const count = (field) => {
  const limit = Number(
    (document.querySelector(`[data-limit-of="${field.id}"]`) ?? field).dataset.limit ?? field.maxLength,
  );
  const label = document.querySelector(`label[for="${CSS.escape(field.id)}"].field-label`);
  if (!label || !(limit > 0)) return;
  const counter = label.querySelector(".counter") ?? label.appendChild(document.createElement("span"));
  counter.className = "counter";
  counter.textContent = field.value.length * 2 > limit ? `${field.value.length} / ${limit}` : "";
  counter.toggleAttribute("data-over", field.value.length > limit);
};

const start = (root) => {
  enhance(root);
  for (const field of root.querySelectorAll?.("textarea[id]") ?? []) count(field);
};

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[id]")) count(event.target);
});

// On a narrow screen a row of tabs scrolls: the one that is open shall be seen.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft + tab.offsetWidth / 2 - row.offsetLeft - row.clientWidth / 2;
}

start(document);
document.addEventListener("htmx:load", (event) => start(event.target));
