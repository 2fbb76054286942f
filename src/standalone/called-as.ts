/** What stands before the arguments under each name that other tools look for, as in `bin/`. */
export const NAMES: Readonly<Record<string, readonly string[]>> = {
  "git-credential-oidc-token": ["credential", "git"],
  "docker-credential-oidc-token": ["credential", "docker"],
  "cargo-credential-oidc-token": ["credential", "cargo", "--"],
  "terraform-credentials-oidc-token": ["credential", "terraform"],
  "bazel-credential-oidc-token": ["credential", "bazel"],
};

/** The words that the name an executable was called by, `argv0`, stands for: a path, on Windows maybe with its ending. */
export function wordsOfName(argv0: string): readonly string[] {
  const name = /([^/\\]*?)(?:\.exe)?$/i.exec(argv0)?.[1] ?? "";
  return Object.hasOwn(NAMES, name) ? (NAMES[name] ?? []) : [];
}
