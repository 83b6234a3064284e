// A clip in a list is its poster until somebody wants to see it move. Without script the link opens it.

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-clip]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  const video = document.createElement("video");
  Object.assign(video, {
    src: link.href, controls: true, loop: true, muted: true, playsInline: true,
    width: Number(link.dataset.width), height: Number(link.dataset.height),
    poster: link.parentElement.querySelector("img").currentSrc,
  });
  video.setAttribute("aria-label", link.getAttribute("aria-label").replace(/^Play /, ""));
  link.parentElement.replaceChildren(video);
  video.focus({ preventScroll: true });
  video.play().catch(() => undefined);
});
