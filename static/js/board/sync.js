// One clock for several players. Pure decisions; the players themselves are moved by players.js.

export const NUDGE = 0.06; // the most by which a player's speed is changed to catch up
const JUMP_SECONDS = 0.25; // beyond this a player is moved instead of hurried

// What one player has to do: where it should stand, and how it gets there.
// `frame`: seconds of one frame; within half of it a player is left alone.
export const correction = (wanted, current, rate, frame) => {
  const late = wanted - current;
  if (Math.abs(late) > JUMP_SECONDS) return { seek: wanted, rate };
  if (Math.abs(late) < frame / 4) return { rate };
  const nudge = Math.min(NUDGE, Math.max(-NUDGE, late * 2));
  return { rate: rate * (1 + nudge) };
};

// How long the whole takes: until the last player has ended, each begun at its own offset.
export const wholeLength = (durations, offsets) =>
  Math.max(0, ...durations.map((duration, index) => duration - offsets[index]));

// Where a player stands when the common clock shows `time`; never outside of itself.
export const wantedAt = (time, offset, duration) =>
  Math.min(Math.max(0, time + offset), Math.max(0, duration - 0.001));

// The time of the frame `by` frames away.
export const stepped = (time, by, frame, length) =>
  Math.min(Math.max(0, (Math.floor(time / frame + 1e-3) + by) * frame), length);

// Volumes that bring every sound down to the quietest; levels are in dBFS.
export const matchedVolumes = (levels) => {
  const quietest = Math.min(...levels.filter((level) => level > -80));
  return levels.map((level) =>
    Number.isFinite(quietest) ? Math.min(1, 10 ** ((quietest - level) / 20)) : 1,
  );
};
