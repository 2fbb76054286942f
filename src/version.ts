import { engines, version } from "../package.json";

export { engines, version };

/** What asks for it, in the place of a command. */
export const VERSION_FLAGS = ["-V", "--version"] as const;
