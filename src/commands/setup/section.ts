/** Finds one of these keys in a section of an INI or TOML file, as people write it; `keys` are expressions. */
export function sectionWith(name: string, ...keys: readonly string[]): RegExp {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const lines = "(?:(?![ \\t]*\\[)[^\\n]*\\n)*?";
  return new RegExp(`^[ \\t]*\\[${quoted}\\][^\\n]*\\n${lines}[ \\t]*(?:${keys.join("|")})[ \\t]*=`, "m");
}
