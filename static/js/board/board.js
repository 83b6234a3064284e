// Gives the board its tools: for pictures, for clips and sounds, or for texts.

import { ImageBoard } from "./images.js";
import { PlayerBoard } from "./players.js";
import { BoardState } from "./state.js";
import { TextBoard } from "./texts.js";

const BOARDS = { image: ImageBoard, video: PlayerBoard, audio: PlayerBoard, text: TextBoard };

let board;

const start = () => {
  const root = document.getElementById("board");
  board?.leave();
  board = undefined;
  if (!root?.dataset.stage) return;
  const state = new BoardState(root.dataset.state);
  board = new BOARDS[root.dataset.stage](root, state);
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
    if (!["rows", "baseline", "text"].includes(key) && !wanted.has(key)) event.detail.parameters[key] = value;
});
