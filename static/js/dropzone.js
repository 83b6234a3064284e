// Drop and paste files onto a file input; show what is chosen, let single files be taken out again.
// A zone with data-send sends each file as soon as it is there, with its progress, and keeps its id.

import { sendFile, tellChange, waitForSends } from "./sending.js";

const size = (bytes) =>
  bytes < 1048576 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`;

const text = (content, className = "") => {
  const span = document.createElement("span");
  span.className = className;
  span.textContent = content;
  return span;
};

const thumbnail = (file) => {
  if (!file.type.startsWith("image/")) return text(file.type.split("/")[0] || "file");
  const image = document.createElement("img");
  image.src = URL.createObjectURL(file);
  image.width = image.height = 48;
  image.alt = "";
  return image;
};

export const fileRow = (file, remove) => {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet button-small";
  button.textContent = "Remove";
  button.setAttribute("aria-label", `Remove ${file.name}`);
  button.addEventListener("click", remove);
  item.append(thumbnail(file), text(file.name), text(size(file.size), "num soft"), button);
  return item;
};

const show = (zone, input) => {
  const list = zone.querySelector("[data-files]");
  for (const image of list.querySelectorAll("li:not([data-kept]) img"))
    URL.revokeObjectURL(image.src);
  for (const item of list.querySelectorAll("li:not([data-kept])")) item.remove();
  list.append(
    ...[...input.files].map((file, index) =>
      fileRow(file, () => {
        give(input, [...input.files].filter((_, other) => other !== index));
        show(zone, input);
      }),
    ),
  );
};

const give = (input, files) => {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
};

const add = (zone, input, files) => {
  if (!files.length) return;
  if (zone.dataset.send) {
    const several = input.multiple ? [...files] : [...files].slice(0, 1);
    for (const file of several) sendFile(zone, input, file);
    return;
  }
  give(input, input.multiple ? [...input.files, ...files] : [...files].slice(0, 1));
  show(zone, input);
};

const taken = (zone, input, held) => {
  if (zone.dataset.send) {
    const chosen = [...input.files];
    give(input, []);
    add(zone, input, chosen);
    return;
  }
  if (input.multiple) give(input, [...held, ...input.files]);
  show(zone, input);
};

const ready = new WeakSet();

export const enhance = (root) => {
  for (const zone of root.querySelectorAll?.("[data-dropzone]") ?? []) {
    if (ready.has(zone)) continue;
    ready.add(zone);
    const input = zone.querySelector("input[type=file]");
    let held = [];
    input.addEventListener("click", () => (held = [...input.files]));
    input.addEventListener("change", () => taken(zone, input, held));
    zone.addEventListener("click", (event) => {
      const item = event.target.closest("[data-remove]")?.closest("li");
      if (!item) return;
      item.remove();
      input.focus();
      tellChange(zone);
    });
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.dataset.over = "";
    });
    zone.addEventListener("dragleave", () => delete zone.dataset.over);
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      delete zone.dataset.over;
      add(zone, input, event.dataTransfer.files);
    });
    if (zone.dataset.send) waitForSends(input.form);
  }
};

// A pasted file goes to the zone that has the focus, else to the first one that wants pasted files.
document.addEventListener("paste", (event) => {
  const files = event.clipboardData?.files ?? [];
  if (!files.length) return;
  const zone =
    event.target.closest?.("[data-dropzone]") ??
    document.querySelector("[data-dropzone][data-paste]") ??
    document.querySelector("[data-dropzone]");
  if (!zone) return;
  event.preventDefault();
  add(zone, zone.querySelector("input[type=file]"), files);
});
