// Gives the board its tools: for pictures, or for clips and sounds.

import { ImageBoard } from "./images.js";
import { PlayerBoard } from "./players.js";
import { BoardState } from "./state.js";

let board;

const start = () => {
  const root = document.getElementById("board");
  board?.leave();
  board = undefined;
  if (!root?.dataset.stage) return;
  const state = new BoardState(root.dataset.state);
  board = root.dataset.stage === "image" ? new ImageBoard(root, state) : new PlayerBoard(root, state);
  root.board = board;
};

start();
document.addEventListener("htmx:load", (event) => {
  if (event.target.id === "board") start();
});

// A link inside the board changes one part of the state; the rest goes along.
document.addEventListener("htmx:configRequest", (event) => {
  if (!board || !event.target.closest("#board")) return;
  const wanted = new URLSearchParams(event.detail.path.split("?")[1]);
  for (const [key, value] of Object.entries(board.state.values))
    if (!["rows", "baseline"].includes(key) && !wanted.has(key)) event.detail.parameters[key] = value;
});
