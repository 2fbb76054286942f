import type { Environment } from "../../paths.js";
import type { Api } from "../../profile.js";
import type { Serving } from "../../serve/server.js";

/** The variables by which programs are told an address and a key, by whose API they speak. */
const VARIABLES: Readonly<Record<Api, (url: string, key: string) => Environment>> = {
  openai: (url, key) => ({ OPENAI_BASE_URL: url, OPENAI_API_BASE: url, OPENAI_API_KEY: key }),
  // An API key in the environment would go before it.
  anthropic: (url, key) => ({
    ANTHROPIC_BASE_URL: url.replace(/\/v1$/, ""),
    ANTHROPIC_AUTH_TOKEN: key,
    ANTHROPIC_API_KEY: undefined,
  }),
  gemini: (url, key) => ({
    GOOGLE_GEMINI_BASE_URL: url.replace(/\/v1(?:beta)?$/, ""),
    GEMINI_API_KEY: key,
    GEMINI_API_KEY_AUTH_MECHANISM: "bearer",
  }),
};

/** What a program is told in place of a token: where to ask, and with which key. The address is asked without a proxy. */
export function servingVariables(env: Environment, api: readonly Api[], { url, key }: Serving): Environment {
  const told = Object.assign({}, ...api.map((each) => VARIABLES[each](url, key))) as Environment;
  const except = [env.no_proxy ?? env.NO_PROXY, "127.0.0.1"].filter(Boolean).join(",");
  return { ...told, no_proxy: except, NO_PROXY: except };
}
