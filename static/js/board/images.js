// Pictures side by side, wiped, blinked or subtracted, under one zoom and pan.

import { bounded, FITTED, panned, pixelZoom, placed, pointAt, zoomedAt } from "./viewport.js";
import { round } from "./state.js";

const BLINK_MS = 800;
const ARROWS = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
const SAMPLE_SIDE = 512; // pixels on the long side when differences are counted
const VISIBLE_STEP = 8; // of 255, below which two pixels count as equal

const sizeOf = (image) => ({ width: image.naturalWidth || image.width, height: image.naturalHeight || image.height });

const frameSize = (frame) => ({ width: frame.clientWidth, height: frame.clientHeight });

const place = (image, frame, view) => {
  const size = sizeOf(image);
  const { scale, left, top } = placed(frame, size, view);
  image.style.width = `${size.width}px`;
  image.style.height = `${size.height}px`;
  image.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
  image.classList.toggle("stage-pixels", scale * devicePixelRatio > 2);
};

// The share of pixels that differ, and by how much on average, measured at a common size.
export const difference = (one, other) => {
  const shrink = SAMPLE_SIDE / Math.max(one.naturalWidth, one.naturalHeight, 1);
  const width = Math.max(1, Math.round(one.naturalWidth * Math.min(1, shrink)));
  const height = Math.max(1, Math.round(one.naturalHeight * Math.min(1, shrink)));
  const [a, b] = [one, other].map((image) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  });
  let differing = 0;
  let sum = 0;
  for (let at = 0; at < a.length; at += 4) {
    const step = Math.max(
      Math.abs(a[at] - b[at]), Math.abs(a[at + 1] - b[at + 1]), Math.abs(a[at + 2] - b[at + 2]),
    );
    sum += step;
    if (step > VISIBLE_STEP) differing += 1;
  }
  const count = width * height;
  return { share: differing / count, mean: sum / count / 255, width, height };
};

export class ImageBoard {
  constructor(root, state) {
    this.root = root;
    this.state = state;
    this.images = [...root.querySelectorAll(".pane .media-frame > img")];
    this.letters = [...root.querySelectorAll(".pane")].map((pane) => pane.dataset.letter);
    this.single = root.querySelector("[data-single]");
    this.listening = new AbortController();
    this.pointers = new Map();
    this.read();
    this.listen();
    Promise.all(this.images.map((image) => image.decode().catch(() => undefined))).then(() =>
      this.show(),
    );
  }

  leave() {
    this.listening.abort();
    this.resized?.disconnect();
    clearInterval(this.blinking);
  }

  read() {
    const { state } = this;
    this.mode = state.text("view", "side");
    this.pair = [...state.text("pair", "AB")].map((letter) => Math.max(0, this.letters.indexOf(letter)));
    this.view = { zoom: state.number("zoom", 1), x: state.number("x", 0.5), y: state.number("y", 0.5) };
    this.wipe = Math.min(100, Math.max(0, state.number("wipe", 50)));
    this.gain = state.text("gain", "4");
  }

  listen() {
    const on = (target, name, act, options = {}) =>
      target.addEventListener(name, act, { signal: this.listening.signal, ...options });
    on(this.root, "click", (event) => this.press(event));
    on(this.root, "input", (event) => this.choose(event));
    on(document, "keydown", (event) => this.key(event));
    for (const frame of this.frames()) {
      frame.classList.add("stage-frame");
      if (!frame.hasAttribute("tabindex")) frame.tabIndex = 0;
      on(frame, "wheel", (event) => this.wheel(event, frame), { passive: false });
      on(frame, "pointerdown", (event) => this.down(event, frame));
      on(frame, "pointermove", (event) => this.move(event, frame));
      for (const name of ["pointerup", "pointercancel"]) on(frame, name, (event) => this.up(event));
      on(frame, "dblclick", (event) => this.toggle(event, frame));
    }
    this.resized = new ResizeObserver(() => this.draw());
    for (const frame of this.frames()) this.resized.observe(frame);
  }

  frames() {
    const side = this.images.map((image) => image.parentElement);
    return [...side, this.single.querySelector("[data-frame]")];
  }

  shownFrame() {
    return this.mode === "side" ? this.images[0].parentElement : this.single.querySelector("[data-frame]");
  }

  // Doing ------------------------------------------------------------------------------------

  press({ target }) {
    const button = target.closest("button");
    if (!button) return;
    if (button.dataset.view) this.setMode(button.dataset.view);
    else if (button.dataset.zoom) this.zoomBy(button.dataset.zoom);
    else if (button.dataset.gain) this.setGain(button.dataset.gain);
    else if ("blinkToggle" in button.dataset) this.toggleBlinking();
  }

  choose({ target }) {
    if ("wipe" in target.dataset) this.setWipe(Number(target.value));
    if ("pair" in target.dataset) {
      this.pair[Number(target.dataset.pair)] = this.letters.indexOf(target.value);
      this.show();
    }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, dialog, [contenteditable]")) return;
    if (document.querySelector("dialog[open]")) return;
    const views = { s: "side", w: "wipe", b: "blink", d: "difference" };
    const zooms = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "pixels" };
    if (views[event.key]) this.setMode(views[event.key]);
    else if (zooms[event.key]) this.zoomBy(zooms[event.key]);
    else if (event.key === " " && this.mode === "blink" && !event.target.closest?.("button, a, summary"))
      this.toggleBlinking();
    else if (event.key === "]") this.nextPair();
    else if (ARROWS[event.key] && event.target.closest?.(".stage-frame, .board")) this.arrow(event);
    else return;
    event.preventDefault();
  }

  arrow(event) {
    if (this.mode === "wipe" && event.shiftKey) {
      const [by] = ARROWS[event.key];
      this.setWipe(this.wipe - Math.sign(by) * 2);
      return;
    }
    const [x, y] = ARROWS[event.key];
    this.look(panned(frameSize(this.shownFrame()), sizeOf(this.images[0]), this.view, { x, y }));
  }

  setMode(mode) {
    this.mode = mode;
    if (this.pair[0] === this.pair[1]) this.pair = [0, 1];
    this.show();
    if (mode !== "side") this.single.querySelector("[data-frame]").focus({ preventScroll: true });
  }

  nextPair() {
    const [left, right] = this.pair;
    const next = (right + 1) % this.images.length;
    this.pair = [left, next === left ? (next + 1) % this.images.length : next];
    this.show();
  }

  setGain(gain) {
    this.gain = gain;
    this.show();
  }

  setWipe(percent) {
    this.wipe = Math.min(100, Math.max(0, percent));
    this.drawWipe();
    this.keep();
  }

  zoomBy(how) {
    const frame = frameSize(this.shownFrame());
    const sizes = this.images.map(sizeOf);
    const { zoom } = this.view;
    if (how === "fit") this.look(FITTED);
    else if (how === "pixels") this.look({ ...this.view, zoom: pixelZoom(frame, sizes, devicePixelRatio) });
    else this.look({ ...this.view, zoom: how === "in" ? zoom * 1.25 : zoom / 1.25 });
  }

  toggleBlinking() {
    if (this.blinking) {
      clearInterval(this.blinking);
      this.blinking = undefined;
      this.blinkOver = !this.blinkOver;
    } else this.startBlinking();
    this.drawBlink();
  }

  startBlinking() {
    this.blinking = setInterval(() => {
      this.blinkOver = !this.blinkOver;
      this.drawBlink();
    }, BLINK_MS);
  }

  // Pointing ---------------------------------------------------------------------------------

  at(event, frame) {
    const box = frame.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  imageIn(frame) {
    return frame.querySelector("img") ?? this.images[0];
  }

  wheel(event, frame) {
    if (!event.ctrlKey && !frame.contains(document.activeElement) && this.view.zoom <= 1) return;
    event.preventDefault();
    const zoom = this.view.zoom * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002));
    const sizes = this.images.map(sizeOf);
    const size = sizeOf(this.imageIn(frame));
    const box = frameSize(frame);
    const target = bounded(box, sizes, { ...this.view, zoom }).zoom;
    this.look(zoomedAt(box, size, this.view, this.at(event, frame), target));
  }

  down(event, frame) {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, this.at(event, frame));
    const divider = this.mode === "wipe" && frame.hasAttribute("data-frame");
    const x = (this.wipe / 100) * frame.clientWidth;
    this.dragsDivider = divider && Math.abs(this.at(event, frame).x - x) < 24;
    if (this.view.zoom > 1 || this.dragsDivider || this.pointers.size > 1) {
      frame.setPointerCapture(event.pointerId);
      event.preventDefault();
      frame.focus({ preventScroll: true });
    }
  }

  move(event, frame) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.at(event, frame);
    if (this.dragsDivider) this.setWipe((now.x / frame.clientWidth) * 100);
    else if (this.pointers.size === 2) this.pinch(event.pointerId, before, now, frame);
    else if (this.view.zoom > 1)
      this.look(
        panned(frameSize(frame), sizeOf(this.imageIn(frame)), this.view, { x: now.x - before.x, y: now.y - before.y }),
      );
    this.pointers.set(event.pointerId, now);
  }

  pinch(id, before, now, frame) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, point]) => point);
    const far = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    const zoom = this.view.zoom * (far(now) / far(before));
    this.look(zoomedAt(frameSize(frame), sizeOf(this.imageIn(frame)), this.view, middle, zoom));
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) this.dragsDivider = false;
  }

  toggle(event, frame) {
    if (this.view.zoom > 1) {
      this.look(FITTED);
      return;
    }
    const box = frameSize(frame);
    const size = sizeOf(this.imageIn(frame));
    const zoom = Math.max(2, pixelZoom(box, this.images.map(sizeOf), devicePixelRatio));
    const point = pointAt(box, size, this.view, this.at(event, frame));
    this.look({ zoom, ...point });
  }

  // Showing ----------------------------------------------------------------------------------

  look(view) {
    this.view = bounded(frameSize(this.shownFrame()), this.images.map(sizeOf), view);
    this.draw();
    this.keep();
  }

  keep() {
    const isSide = this.mode === "side";
    const isFitted = this.view.zoom === 1;
    this.state.write({
      view: isSide ? null : this.mode,
      pair: isSide ? null : this.pair.map((index) => this.letters[index]).join(""),
      zoom: isFitted ? null : round(this.view.zoom, 3),
      x: isFitted ? null : round(this.view.x),
      y: isFitted ? null : round(this.view.y),
      wipe: this.mode === "wipe" ? round(this.wipe, 1) : null,
      gain: this.mode === "difference" ? this.gain : null,
    });
  }

  show() {
    const isSide = this.mode === "side";
    this.root.querySelector("[data-side]").hidden = !isSide;
    this.single.hidden = isSide;
    this.root.querySelector("[data-pair-tools]").hidden = isSide;
    for (const button of this.root.querySelectorAll("[data-view]"))
      button.setAttribute("aria-pressed", String(button.dataset.view === this.mode));
    if (!isSide) this.fillSingle();
    clearInterval(this.blinking);
    this.blinking = undefined;
    this.blinkOver = false;
    if (this.mode === "blink" && !matchMedia("(prefers-reduced-motion: reduce)").matches)
      this.startBlinking();
    this.root.dataset.ready = "";
    this.look(this.view);
  }

  fillSingle() {
    const { single, mode, pair } = this;
    for (const [name, index] of [["under", pair[0]], ["over", pair[1]]]) {
      const copy = new Image();
      copy.src = this.images[index].currentSrc || this.images[index].src;
      copy.alt = "";
      copy.draggable = false;
      copy.width = this.images[index].width;
      copy.addEventListener("load", () => this.draw(), { once: true });
      single.querySelector(`[data-${name}]`).replaceChildren(copy);
    }
    single.dataset.mode = mode;
    single.dataset.gain = this.gain;
    single.querySelector("[data-wipe-control]").hidden = mode !== "wipe";
    for (const select of this.root.querySelectorAll("[data-pair]"))
      select.value = this.letters[pair[Number(select.dataset.pair)]];
    this.root.querySelector("[data-gains]").hidden = mode !== "difference";
    for (const button of this.root.querySelectorAll("[data-gain]"))
      if (button.tagName === "BUTTON") button.setAttribute("aria-pressed", String(button.dataset.gain === this.gain));
    this.root.querySelector("[data-blink-toggle]").hidden = mode !== "blink";
    this.label();
  }

  label() {
    const [left, right] = this.pair.map((index) => this.letters[index]);
    const { single, mode } = this;
    single.querySelector("[data-left]").textContent = mode === "difference" ? `${left} − ${right}` : left;
    single.querySelector("[data-right]").textContent = mode === "difference" ? "" : right;
    const note = single.querySelector("[data-note]");
    const frame = single.querySelector("[data-frame]");
    frame.setAttribute("aria-label", `${left} and ${right}, ${mode}`);
    note.textContent = "";
    if (mode !== "difference") return;
    const found = difference(this.images[this.pair[0]], this.images[this.pair[1]]);
    note.textContent =
      `${(found.share * 100).toFixed(1)} % of the pixels differ, by ${(found.mean * 100).toFixed(1)} % ` +
      `on average, measured at ${found.width} × ${found.height}.`;
  }

  draw() {
    if (this.mode === "side") {
      for (const image of this.images) place(image, frameSize(image.parentElement), this.view);
    } else {
      const frame = frameSize(this.single.querySelector("[data-frame]"));
      for (const image of this.single.querySelectorAll(".stage-layer img")) place(image, frame, this.view);
      this.drawWipe();
      this.drawBlink();
    }
    for (const frame of this.frames()) frame.toggleAttribute("data-enlarged", this.view.zoom > 1);
    this.root.querySelector("[data-zoom-readout]").textContent = `${Math.round(this.view.zoom * 100)} %`;
  }

  drawWipe() {
    const over = this.single.querySelector("[data-over]");
    over.style.clipPath = this.mode === "wipe" ? `inset(0 0 0 ${this.wipe}%)` : "";
    this.single.querySelector("[data-divider]").style.insetInlineStart = `${this.wipe}%`;
    this.single.querySelector("[data-wipe]").value = this.wipe;
  }

  drawBlink() {
    if (this.mode !== "blink") return;
    this.single.toggleAttribute("data-shows-over", Boolean(this.blinkOver));
    this.root.querySelector("[data-blink-toggle]").textContent = this.blinking ? "Pause" : "Blink";
  }
}
