import { version } from "../package.json";

export { version };

/** What asks for it, in the place of a command. */
export const VERSION_FLAGS = ["-V", "--version"] as const;
