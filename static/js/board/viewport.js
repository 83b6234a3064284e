// Where a picture lies in its frame. Pure: sizes are { width, height } in CSS pixels or in pixels of
// the picture, a view is { zoom, x, y }: how many times larger than fitted, and which point of the
// picture (0 to 1 on each side) stands in the middle. One view serves pictures of unequal size.

const MOST_SCREEN_PIXELS = 32; // of the screen for one of the picture

export const FITTED = { zoom: 1, x: 0.5, y: 0.5 };

export const fitScale = (frame, picture) =>
  Math.min(frame.width / picture.width, frame.height / picture.height);

export const mostZoom = (frame, pictures) =>
  Math.max(1, ...pictures.map((picture) => MOST_SCREEN_PIXELS / fitScale(frame, picture)));

// The zoom at which one pixel of the largest picture takes one of the screen.
export const pixelZoom = (frame, pictures, density = 1) =>
  Math.max(...pictures.map((picture) => 1 / density / fitScale(frame, picture)));

export const placed = (frame, picture, view) => {
  const scale = fitScale(frame, picture) * view.zoom;
  return {
    scale,
    left: frame.width / 2 - view.x * picture.width * scale,
    top: frame.height / 2 - view.y * picture.height * scale,
  };
};

export const pointAt = (frame, picture, view, at) => {
  const { scale, left, top } = placed(frame, picture, view);
  return { x: (at.x - left) / (picture.width * scale), y: (at.y - top) / (picture.height * scale) };
};

const within = (least, value, most) => Math.min(most, Math.max(least, value));

// The view with its zoom and middle kept where some picture still fills its frame.
export const bounded = (frame, pictures, view) => {
  const zoom = within(1, view.zoom, mostZoom(frame, pictures));
  const margin = (side, extent) =>
    Math.min(
      ...pictures.map((picture) =>
        Math.min(0.5, frame[extent] / (2 * picture[extent] * fitScale(frame, picture) * zoom)),
      ),
    );
  const x = margin("x", "width");
  const y = margin("y", "height");
  return { zoom, x: within(x, view.x, 1 - x), y: within(y, view.y, 1 - y) };
};

// Zoomed so that the point under `at` stays under it.
export const zoomedAt = (frame, picture, view, at, zoom) => {
  const point = pointAt(frame, picture, view, at);
  const scale = fitScale(frame, picture) * zoom;
  return {
    zoom,
    x: point.x + (frame.width / 2 - at.x) / (picture.width * scale),
    y: point.y + (frame.height / 2 - at.y) / (picture.height * scale),
  };
};

export const panned = (frame, picture, view, by) => {
  const scale = fitScale(frame, picture) * view.zoom;
  return {
    ...view,
    x: view.x - by.x / (picture.width * scale),
    y: view.y - by.y / (picture.height * scale),
  };
};
