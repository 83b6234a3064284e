// Sends the files of a form one by one while the rest of it is filled in: progress, cancel, retry.
// What has arrived stands in the form by its id; a form that is submitted meanwhile waits for the rest.

import { fileRow } from "./dropzone.js";

const AT_ONCE = 2;
const waiting = [];
let running = 0;
const open = new Map(); // form -> how many of its files are on their way
const held = new Map(); // form -> the button that is to submit it

const count = (form, step) => {
  const left = (open.get(form) ?? 0) + step;
  open.set(form, left);
  if (left > 0 || !held.has(form)) return;
  const button = held.get(form);
  held.delete(form);
  form.removeAttribute("aria-busy");
  if (form.querySelector("li[data-refused]")) return;
  form.requestSubmit(button);
};

const say = (zone, words) => {
  const place = zone.querySelector("[data-said]");
  if (place) place.textContent = words;
};

export const tellChange = (zone) => zone.dispatchEvent(new Event("files-changed", { bubbles: true }));

const next = () => {
  while (running < AT_ONCE && waiting.length) {
    running += 1;
    waiting.shift()();
  }
};

const done = (send, step) => {
  if (send.isOver) return;
  send.isOver = true;
  running -= send.isRunning ? 1 : 0;
  // What has arrived stands in the form before the form that waited for it is sent.
  step();
  count(send.input.form, -1);
  next();
};

const refuse = (send, html) => {
  send.item.dataset.refused = "";
  send.item.querySelector("progress")?.remove();
  send.item.querySelector("img")?.replaceWith(document.createElement("span"));
  const reason = document.createElement("div");
  reason.className = "dropzone-reason";
  reason.innerHTML = html; // our own partial, escaped by the server
  send.item.append(reason);
  say(send.zone, reason.textContent.trim());
};

const lost = (send) => {
  refuse(send, "");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-small";
  button.textContent = "Send it again";
  button.addEventListener("click", () => {
    send.item.remove();
    sendFile(send.zone, send.input, send.file);
  });
  const reason = send.item.querySelector(".dropzone-reason");
  reason.append("It did not arrive: the connection was lost. ", button);
  say(send.zone, `${send.file.name} did not arrive.`);
};

const arrived = (send, request) => {
  if (request.status !== 201) {
    if (request.status === 422) refuse(send, request.responseText);
    else lost(send);
    return;
  }
  const place = document.createElement("template");
  place.innerHTML = request.responseText;
  send.item.replaceWith(place.content.firstElementChild);
  say(send.zone, `${send.file.name} is added.`);
  tellChange(send.zone);
};

const start = (send) => {
  if (send.isOver) {
    running -= 1;
    next();
    return;
  }
  send.isRunning = true;
  const { request, file, input, zone } = send;
  const body = new FormData();
  body.append("csrfmiddlewaretoken", input.form.elements.csrfmiddlewaretoken.value);
  body.append("name", input.name);
  body.append("file", file);
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) send.bar.value = event.loaded / event.total;
  });
  request.addEventListener("load", () => done(send, () => arrived(send, request)));
  request.addEventListener("error", () => done(send, () => lost(send)));
  request.open("POST", zone.dataset.send);
  request.send(body);
};

export const sendFile = (zone, input, file) => {
  const send = { zone, input, file, request: new XMLHttpRequest(), isOver: false };
  send.item = fileRow(file, () => {
    send.request.abort();
    done(send, () => {});
    send.item.remove();
    say(zone, `${file.name} is removed.`);
    input.focus();
  });
  send.bar = document.createElement("progress");
  send.bar.max = 1;
  send.bar.value = 0;
  send.bar.setAttribute("aria-label", `Sending ${file.name}`);
  send.item.append(send.bar);
  zone.querySelector("[data-files]").append(send.item);
  // A zone may have moved into another form since it was made ready.
  waitForSends(input.form);
  count(input.form, 1);
  waiting.push(() => start(send));
  next();
};

const watched = new WeakSet();

export const waitForSends = (form) => {
  if (!form || watched.has(form)) return;
  watched.add(form);
  form.addEventListener("submit", (event) => {
    if (!open.get(form)) return;
    event.preventDefault();
    held.set(form, event.submitter);
    form.setAttribute("aria-busy", "true");
  });
};
