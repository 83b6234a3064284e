// Answers in parallel columns that scroll together, each in proportion to its own length.

export class TextBoard {
  constructor(root, state) {
    this.root = root;
    this.state = state;
    this.texts = [...root.querySelectorAll(".pane .media-text")];
    this.listening = new AbortController();
    this.isLinked = state.text("scroll", "") !== "alone";
    this.toggle = root.querySelector("[data-link-scroll]");
    this.toggle.checked = this.isLinked;
    const { signal } = this.listening;
    for (const text of this.texts) text.addEventListener("scroll", () => this.follow(text), { signal });
    this.toggle.addEventListener("change", () => this.link(this.toggle.checked), { signal });
    document.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  leave() {
    this.listening.abort();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input:not([type=checkbox]), textarea, select")) return;
    if (event.key.toLowerCase() === "l") this.link(!this.isLinked);
    else if (event.key.toLowerCase() === "d") this.root.querySelector("[data-text-view]:not([aria-current])")?.click();
    else return;
    event.preventDefault();
  }

  link(isLinked) {
    this.isLinked = isLinked;
    this.toggle.checked = isLinked;
    this.state.write({ scroll: isLinked ? null : "alone" });
  }

  // Only the one that a person scrolls leads; what follows must not lead back.
  follow(leader) {
    if (!this.isLinked || this.following) return;
    this.following = true;
    const room = (text) => text.scrollHeight - text.clientHeight;
    const share = room(leader) ? leader.scrollTop / room(leader) : 0;
    for (const text of this.texts) if (text !== leader) text.scrollTop = share * room(text);
    // Their own scroll events come with the next frame.
    requestAnimationFrame(() => requestAnimationFrame(() => (this.following = false)));
  }
}
