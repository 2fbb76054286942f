import { type Challenge, challengesIn } from "../../http/challenge.js";
import { tokenHeader } from "../../http/token-header.js";
import { commandOn } from "../../profile.js";
import { presetOf } from "../../providers/index.js";
import { claimsOf, holderOf } from "../../token/claims.js";
import type { TokenSet } from "../../token/token-set.js";
import { type Check, fail, failed, type Patient, pass, skip, type Told, warn } from "./check.js";
import { look } from "./look.js";

/** Whether the API takes the token, and if not, what of the token it minds. */
export const api: Check<Patient> = {
  name: "API",
  after: ["token"],
  seconds: 45,
  async run(patient) {
    const { profile, tokens } = patient;
    const { base_url } = profile;
    if (base_url === undefined) return skip('the profile has no "base_url"');
    if (!tokens) return skip("there is no token to show");
    const places = [base_url, `${base_url.replace(/\/+$/, "")}/models`];
    try {
      for (const place of places) {
        const url = new URL(place);
        const bare = await ask(patient, url, undefined);
        const shown = await ask(patient, url, tokens);
        if (shown.status === 401 || shown.status === 403) return await refusal(patient, url, shown, tokens);
        if (shown.status >= 500)
          return fail(`${url.host} is out of order (${shown.status})`, "try again in a minute", "temporary");
        if (bare.status === 401 || bare.status === 403)
          return pass(`${url.host} takes the token (${bare.status} without it, ${shown.status} with it)`);
      }
      return warn(
        `${new URL(base_url).host} answers without a token as well, so it can't be told whether it takes this one`,
        'write into "base_url" an address that asks for a token',
      );
    } catch (error) {
      return failed(error);
    }
  },
};

interface Shown {
  readonly status: number;
  readonly challenge: Challenge | undefined;
}

/** The token goes to the origin of the profile's own `base_url` and no other; a redirect is not followed. */
async function ask(patient: Patient, url: URL, tokens: TokenSet | undefined): Promise<Shown> {
  const credential = tokens && tokenHeader(patient.profile, tokens.access_token);
  const { response } = await look(patient, url, { accept: "application/json", ...credential });
  const challenges = challengesIn(response.headers.get("www-authenticate"));
  return {
    status: response.status,
    challenge: challenges.find(({ scheme }) => scheme === "bearer") ?? challenges[0],
  };
}

async function refusal(
  patient: Patient,
  url: URL,
  { status, challenge }: Shown,
  tokens: TokenSet,
): Promise<Told> {
  const { profile, context } = patient;
  const { error = "", error_description = "", scope } = challenge?.parameters ?? {};
  const words = [error, error_description].filter((each) => each !== "").join(": ");
  const said = words === "" ? "without a reason" : context.redactor.clean(words);
  const sentence = `${url.host} refuses the token (${status}, ${said})`;
  const [why, hint] = await reason(patient, `${error} ${error_description}`.toLowerCase(), scope, tokens);
  return fail(
    why === "" ? sentence : `${sentence}: ${why}`,
    hint ?? `ask who runs ${url.host} what it wants of a token for profile ${profile.name}`,
    "refused",
  );
}

/** What of the token is most likely minded, and the key of the profile that mends it. */
async function reason(
  patient: Patient,
  words: string,
  wanted: string | undefined,
  tokens: TokenSet,
): Promise<readonly [why: string, hint?: string]> {
  const { profile } = patient;
  const again = `then run: ${commandOn(profile)}`;
  if (tokens.token_type === "static") return ["the key is not valid there", "store a valid key"];
  const { audience = [], scope = "", issuer } = holderOf(tokens);
  const lacking = (wanted ?? "").split(" ").filter((each) => each !== "" && !scope.split(" ").includes(each));
  if (lacking.length > 0 || words.includes("scope"))
    return [
      lacking.length > 0
        ? `it wants scope ${lacking.join(" ")}, the token has ${scope || "none"}`
        : `the token has scope ${scope || "none"}`,
      `add ${lacking.length > 0 ? lacking.join(" ") : "what it wants"} to "scope", ${again}`,
    ];
  if (!claimsOf(tokens.access_token))
    return [
      "the token is opaque, and most APIs can check only a JWT",
      presetOf(profile).needs?.[0]?.why ??
        `set "audience" or "resource" to the API's name, ${again}; or hand it the ID token: get --id-token`,
    ];
  const key = presetOf(profile).api_key ?? "audience";
  const resource = await resourceOf(patient);
  if (/aud/.test(words) || (resource !== undefined && !audience.includes(resource)))
    return [
      `the token is for ${audience.join(", ") || "nobody by name"}${resource === undefined ? "" : `, the API is ${resource}`}`,
      `set "${key}" to ${resource ?? "the name the API knows itself by"}, ${again}`,
    ];
  if (/iss/.test(words))
    return [
      `the token is from ${issuer ?? "nobody by name"}`,
      "the API must trust that issuer: ask who runs it",
    ];
  return [
    `the token is for ${audience.join(", ") || "nobody by name"}, from ${issuer ?? "nobody by name"}, with scope ${scope || "none"}`,
  ];
}

/** What the API calls itself (RFC 9728), where it says so. */
async function resourceOf({ context, profile, access }: Patient): Promise<string | undefined> {
  try {
    const discovery = await context.discovery(profile, access.secrets);
    return (await discovery.find(new URL(profile.base_url ?? ""))).api?.resource;
  } catch {
    return undefined;
  }
}
