// A request that a page made for itself and that failed is told in a toast: nothing fails in silence.

const tell = (title, text) => {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.kind = "error";
  const words = document.createElement("p");
  const strong = document.createElement("strong");
  strong.textContent = title;
  words.append(strong, ` ${text}`);
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => toast.remove());
  toast.append(words, close);
  document.getElementById("toasts").replaceChildren(toast);
};

const isWholePage = (xhr) => /^\s*<!doctype/i.test(xhr.responseText);

const tellPage = (xhr) => {
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  const title = page.querySelector(".empty-title")?.textContent ?? `That failed (${xhr.status}).`;
  const text = page.querySelector(".empty p")?.textContent ?? "Reload the page to see the state.";
  tell(title.replace(/([^.!?])$/, "$1."), text);
};

// An error page answers a request for a part: say its words instead of putting a page into a page.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status < 400 || !isWholePage(xhr)) return;
  event.detail.shouldSwap = false;
  event.detail.isError = true;
});

document.addEventListener("htmx:responseError", (event) => tellPage(event.detail.xhr));

// Polls come again by themselves; only what a person asked for is worth a word.
document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.requestConfig?.verb === "get") return;
  tell("Bridge did not answer.", "Whether it was done is unknown: look at the task history before you try again.");
});
