// Clips and sounds under one transport: play, seek, step, speed, loop, offsets, one heard at a time.

import { correction, matchedVolumes, stepped, wantedAt, wholeLength } from "./sync.js";
import { round } from "./state.js";

const USUAL_FRAME_RATE = 25;
const HAND_OVER = 0.02; // seconds that nobody hears
const CHECK_MS = 100; // also while the page is hidden, where no frames are drawn

export class PlayerBoard {
  constructor(root, state) {
    this.root = root;
    this.state = state;
    this.panes = [...root.querySelectorAll(".pane")];
    this.players = this.panes.map((pane) => pane.querySelector("video, audio"));
    this.frame = 1 / Math.max(...this.panes.map((pane) => Number(pane.dataset.rate) || USUAL_FRAME_RATE));
    this.listening = new AbortController();
    this.time = Math.max(0, state.number("t", 0));
    this.rate = state.number("rate", 1);
    this.isLooping = state.text("loop", "0") === "1";
    this.isMatched = state.text("level", "0") === "1";
    this.heard = state.text("heard", this.panes[0].dataset.letter);
    const offsets = state.text("offsets", "").split(",").map(Number);
    this.offsets = this.players.map((_, index) => (Number.isFinite(offsets[index]) ? offsets[index] : 0));
    this.prepare();
    this.listen();
  }

  leave() {
    this.pause();
    clearInterval(this.checking);
    this.listening.abort();
  }

  find(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  prepare() {
    for (const [index, player] of this.players.entries()) {
      player.controls = false;
      player.loop = false;
      player.preload = "auto";
      player.preservesPitch = true;
      this.panes[index].querySelector("[data-offset]").value = this.offsets[index];
      player.load();
    }
    this.find("speed").value = String(this.rate);
    this.find("loop").checked = this.isLooping;
    if (this.find("match")) this.find("match").checked = this.isMatched;
    this.hear(this.heard);
    this.seek(this.time);
  }

  listen() {
    const { signal } = this.listening;
    this.root.addEventListener("click", (event) => this.press(event), { signal });
    this.root.addEventListener("input", (event) => this.choose(event), { signal });
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    for (const player of this.players) {
      player.addEventListener("loadedmetadata", () => this.seek(this.time), { signal });
      player.addEventListener("click", () => this.toggle(), { signal });
    }
    this.checking = setInterval(() => this.tick(), CHECK_MS);
  }

  // Facts ------------------------------------------------------------------------------------

  durations() {
    return this.players.map((player) => (Number.isFinite(player.duration) ? player.duration : 0));
  }

  length() {
    return wholeLength(this.durations(), this.offsets);
  }

  wanted(index) {
    return wantedAt(this.time, this.offsets[index], this.durations()[index]);
  }

  isWaiting() {
    return this.players.some((player, index) => player.readyState < 3 && !this.isOver(index));
  }

  isOver(index) {
    return this.time + this.offsets[index] >= this.durations()[index];
  }

  // Doing ------------------------------------------------------------------------------------

  press({ target }) {
    const button = target.closest("button");
    if (!button) return;
    if ("play" in button.dataset) this.toggle();
    else if (button.dataset.step) this.step(Number(button.dataset.step));
  }

  choose({ target }) {
    if ("seek" in target.dataset) this.seek(Number(target.value));
    else if ("speed" in target.dataset) this.setRate(Number(target.value));
    else if ("loop" in target.dataset) this.isLooping = target.checked;
    else if ("match" in target.dataset) this.match(target.checked);
    else if (target.name === "heard") this.hear(target.value);
    else if ("offset" in target.dataset) this.setOffset(target);
    else return;
    this.keep();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input:not([type=radio]):not([type=range]), textarea, select")) return;
    const letter = event.key.toUpperCase();
    if (event.key === " " && !event.target.closest?.("button, a, summary, input")) this.toggle();
    else if (event.key === "," || event.key === ".") this.step(event.key === "," ? -1 : 1);
    else if (this.panes.some((pane) => pane.dataset.letter === letter)) this.hear(letter);
    else return;
    event.preventDefault();
    this.keep();
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
    this.keep();
  }

  play() {
    if (this.time >= this.length() - this.frame) this.seek(0);
    this.isPlaying = true;
    this.since = performance.now();
    this.find("play").textContent = "Pause";
    this.tick();
    this.animate();
  }

  pause() {
    this.isPlaying = false;
    for (const player of this.players) player.pause();
    this.find("play").textContent = "Play";
    this.seek(this.time);
  }

  step(by) {
    if (this.isPlaying) this.pause();
    this.seek(stepped(this.time, by, this.frame, this.length()));
    this.keep();
  }

  seek(time) {
    this.time = Math.max(0, Math.min(time, this.length() || time));
    this.since = performance.now();
    for (const [index, player] of this.players.entries())
      if (player.readyState > 0) player.currentTime = this.wanted(index) + (this.isPlaying ? 0 : this.frame / 100);
    this.draw();
  }

  setRate(rate) {
    this.rate = rate;
    for (const player of this.players) player.playbackRate = rate;
  }

  setOffset(field) {
    const index = this.panes.indexOf(field.closest(".pane"));
    this.offsets[index] = Number(field.value) || 0;
    this.seek(this.time);
  }

  hear(letter) {
    const known = this.panes.some((pane) => pane.dataset.letter === letter);
    const before = this.panes.findIndex((pane) => pane.dataset.letter === this.heard);
    this.heard = known ? letter : this.panes[0].dataset.letter;
    this.handOver(before, this.panes.findIndex((pane) => pane.dataset.letter === this.heard));
    for (const [index, pane] of this.panes.entries()) {
      const isHeard = pane.dataset.letter === this.heard;
      this.players[index].muted = !isHeard;
      pane.toggleAttribute("data-heard", isHeard);
      pane.querySelector("[name=heard]").checked = isHeard;
    }
    this.match(this.isMatched);
  }

  // What is heard next goes on where the one before stood, also where the machine was too busy to keep
  // both in step.
  handOver(from, to) {
    const [before, after] = [this.players[from], this.players[to]];
    if (!this.isPlaying || !before || from === to || this.isOver(to)) return;
    const wanted = before.currentTime - this.offsets[from] + this.offsets[to];
    if (wanted >= 0 && Math.abs(after.currentTime - wanted) > HAND_OVER) after.currentTime = wanted;
  }

  match(isMatched) {
    this.isMatched = isMatched;
    const volumes = matchedVolumes(this.panes.map((pane) => Number(pane.dataset.level ?? 0)));
    for (const [index, player] of this.players.entries()) player.volume = isMatched ? volumes[index] : 1;
  }

  // The clock --------------------------------------------------------------------------------

  animate() {
    if (!this.isPlaying) return;
    this.tick();
    requestAnimationFrame(() => this.animate());
  }

  tick() {
    if (!this.isPlaying) return;
    const now = performance.now();
    if (!this.isWaiting()) this.time += ((now - this.since) / 1000) * this.rate;
    this.since = now;
    if (this.time >= this.length()) {
      if (!this.isLooping) {
        this.time = this.length();
        this.pause();
        return;
      }
      this.seek(0);
    }
    for (const index of this.players.keys()) this.correct(index);
    this.draw();
  }

  correct(index) {
    const player = this.players[index];
    if (this.isOver(index) || this.time + this.offsets[index] < 0 || this.isWaiting()) {
      if (!player.paused) player.pause();
      return;
    }
    if (player.seeking) return;
    const { seek, rate } = correction(this.wanted(index), player.currentTime, this.rate, this.frame);
    if (seek !== undefined) player.currentTime = seek;
    if (player.playbackRate !== rate) player.playbackRate = rate;
    if (player.paused) player.play().catch(() => this.pause());
  }

  draw() {
    const slider = this.find("seek");
    slider.max = this.length() || 1;
    slider.value = this.time;
    this.find("clock").textContent = `${this.time.toFixed(2)} / ${this.length().toFixed(2)} s`;
  }

  keep() {
    this.state.write({
      t: this.time ? round(this.time, 3) : null,
      rate: this.rate === 1 ? null : this.rate,
      heard: this.heard === this.panes[0].dataset.letter ? null : this.heard,
      offsets: this.offsets.some(Boolean) ? this.offsets.join(",") : null,
      loop: this.isLooping ? 1 : null,
      level: this.isMatched ? 1 : null,
    });
  }
}
