// The board's state lives in the address, so that a link shows the same board to everybody.

const KEYS = [
  "view", "pair", "zoom", "x", "y", "wipe", "gain",
  "t", "rate", "heard", "offsets", "loop", "level", "text", "scroll", "result", "rows", "baseline",
];

export const round = (value, digits = 4) => String(Number(value.toFixed(digits)));

export class BoardState {
  constructor(fallback) {
    this.values = {};
    const here = new URLSearchParams(location.search);
    const source = KEYS.some((key) => here.has(key)) ? here : new URLSearchParams(fallback);
    for (const key of KEYS) if (source.has(key)) this.values[key] = source.get(key);
  }

  text(key, otherwise) {
    return this.values[key] ?? otherwise;
  }

  number(key, otherwise) {
    const value = Number.parseFloat(this.values[key]);
    return Number.isFinite(value) ? value : otherwise;
  }

  // `changes`: texts, or null for what is as usual and need not stand in the address.
  write(changes) {
    for (const [key, value] of Object.entries(changes)) {
      if (value === null) delete this.values[key];
      else this.values[key] = String(value);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), 120);
  }

  flush() {
    const query = new URLSearchParams(location.search);
    for (const key of KEYS) query.delete(key);
    for (const [key, value] of Object.entries(this.values)) query.set(key, value);
    const text = query.toString();
    history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
    const kept = document.querySelector("[data-kept-state]");
    if (kept) kept.value = new URLSearchParams(this.values).toString();
  }
}
