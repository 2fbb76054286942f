/** What only some command lines on the hot path need: a bundle of its own, so that the others need not read it. */
export { readQuestion } from "./question.js";
export { asksAgain, noteGiven } from "./repeat.js";
