// Drop and paste files onto a file input; show what is chosen, let single files be taken out again.

const show = (zone, input) => {
  const list = zone.querySelector("[data-files]");
  for (const image of list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  list.replaceChildren(...[...input.files].map((file, index) => row(zone, input, file, index)));
};

const row = (zone, input, file, index) => {
  const item = document.createElement("li");
  let thumb = document.createElement("span");
  if (file.type.startsWith("image/")) {
    thumb = document.createElement("img");
    thumb.src = URL.createObjectURL(file);
    thumb.width = thumb.height = 48;
    thumb.alt = "";
  } else thumb.textContent = file.type.split("/")[0] || "file";
  const name = document.createElement("span");
  name.textContent = file.name;
  const size = document.createElement("span");
  size.className = "num soft";
  size.textContent =
    file.size < 1048576 ? `${Math.ceil(file.size / 1024)} kB` : `${(file.size / 1048576).toFixed(1)} MB`;
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "button button-quiet button-small";
  remove.textContent = "Remove";
  remove.setAttribute("aria-label", `Remove ${file.name}`);
  remove.addEventListener("click", () => {
    give(input, [...input.files].filter((_, other) => other !== index));
    show(zone, input);
  });
  item.append(thumb, name, size, remove);
  return item;
};

const give = (input, files) => {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
};

const add = (zone, input, files) => {
  if (!files.length) return;
  give(input, [...input.files, ...files]);
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
    input.addEventListener("change", () => {
      if (input.multiple) give(input, [...held, ...input.files]);
      show(zone, input);
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
