import { join } from "node:path";
import { OidcTokenError } from "../../../errors.js";
import { type Asked, OUTLIVES_CACHE, type Tool } from "../tool.js";

/** The user's .npmrc, which npm and pnpm read. */
export function npmrc({ env, home }: Pick<Asked, "env" | "home">): string {
  return env.NPM_CONFIG_USERCONFIG || env.npm_config_userconfig || join(home, ".npmrc");
}

/** A registry as .npmrc names it: without its scheme, with a slash at the end. */
export function registryKey({ host, pathname }: URL): string {
  return `//${host}${pathname.replace(/\/?$/, "/")}`;
}

export const pnpm: Tool = {
  name: "pnpm",
  title: "pnpm",
  sends: "bearer",
  needs: ["url"],
  says: "`tokenHelper` is run once for each command. It takes one absolute path, so a small program of its own is written for it. A refused token ends the command. npm does not know `tokenHelper`: see there.",
  plan(asked) {
    const shim = asked.shim(`pnpm-token-${asked.profile}`, ["get", ...OUTLIVES_CACHE]);
    if (/\s/.test(shim.path))
      throw new OidcTokenError(
        "configuration",
        `pnpm takes a path apart at blanks, and there is one in ${shim.path}`,
        "use `oidc-token setup npm`, whose line in .npmrc pnpm understands as well",
      );
    return {
      edits: [
        shim.edit,
        {
          path: npmrc(asked),
          format: "ini",
          settings: [{ place: ["", `${registryKey(asked.url)}:tokenHelper`], value: shim.path }],
        },
      ],
      next: [`pnpm view <package> --registry ${asked.url.href}`],
    };
  },
};
