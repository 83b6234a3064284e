// Notifications of the browser, if a person asked for them: the news behind the last one seen.

const KEY = "notices.after";
const EVERY_MS = 10_000;

const read = (name) => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};

const isOn = () => read(KEY) !== null && "Notification" in window && Notification.permission === "granted";

const fetchNews = async (after) => {
  const answer = await fetch(`/notices/news.json?after=${encodeURIComponent(after)}`);
  return answer.ok ? (await answer.json()).items : [];
};

const show = ({ id, title, url }) => {
  const notification = new Notification("Rivya Bridge", { body: title, tag: id });
  notification.addEventListener("click", () => {
    window.focus();
    location.assign(url);
  });
};

// Several open pages ask in turn: what one has shown, the next finds behind the cursor.
const look = async () => {
  if (!isOn()) return;
  const after = read(KEY);
  const items = await fetchNews(after).catch(() => []);
  if (!items.length || read(KEY) !== after) return;
  localStorage.setItem(KEY, items.at(-1).id);
  if (after) items.forEach(show);
};

const toggle = document.querySelector("[data-notifications-toggle]");
const state = document.querySelector("[data-notifications-state]");

const tell = (text) => {
  if (!toggle) return;
  toggle.setAttribute("aria-pressed", String(isOn()));
  toggle.textContent = isOn() ? "Stop notifications" : "Show notifications";
  state.textContent = text;
};

toggle?.addEventListener("click", async () => {
  if (isOn()) {
    localStorage.removeItem(KEY);
    tell("They are off in this browser.");
    return;
  }
  if (!("Notification" in window)) {
    tell("This browser knows no notifications.");
    return;
  }
  if ((await Notification.requestPermission()) !== "granted") {
    tell("This browser does not allow them: change that in its settings for this address.");
    return;
  }
  localStorage.setItem(KEY, "");
  await look();
  tell("They are on in this browser while a page is open.");
});

if (toggle) tell("");
setInterval(look, EVERY_MS);
