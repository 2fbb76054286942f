import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";

/** Descriptors that what is to be written at once takes: one after the other, and a connection beside it. */
const SPARE = 2;

/**
 * Holds a few descriptors, so that there are some when they are given back: a process that may open only so many could
 * otherwise ask a provider and then not keep its answer. Throws the system's error where there are too few left.
 */
export function holdDescriptors(): { release(): void } {
  const held: number[] = [];
  const release = (): void => {
    for (const file of held.splice(0)) closeSync(file);
  };
  try {
    for (let count = 0; count < SPARE; count += 1) held.push(openSync(devNull, "r"));
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}
