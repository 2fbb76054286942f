import kleur from "kleur";
import type { JsonOptions } from "../../arguments.js";
import type { Context } from "../../context.js";
import { isOidcTokenError, OidcTokenError } from "../../errors.js";
import type { Profile } from "../../profile.js";
import { accessProfile, selectProfile } from "../../session/access.js";
import { obtain } from "../../session/obtain.js";
import { refuseAgent } from "../../session/refuse-agent.js";
import { sha256 } from "../../sha256.js";
import { table } from "../../terminal/table.js";
import { tell } from "../../terminal/tell.js";
import { jsonLine } from "../../text.js";
import { readModels, writeModels } from "./cache.js";
import { askForModels, type Model, REFUSED } from "./list.js";

/** Seconds a list is served without asking again. */
const FRESH = 3600;

/** `models`: the models behind the profile's `base_url`, with what the profile says of them laid over. */
export async function models(context: Context, options: JsonOptions): Promise<void> {
  const profile = await selectProfile(context, options);
  refuseAgent(context, profile);
  const { base_url } = profile;
  if (base_url === undefined) {
    throw new OidcTokenError(
      "configuration",
      `profile "${profile.name}" has no base_url, so there is nowhere to ask for models`,
      'write the address of the API in the profile, such as "base_url": "https://llm.example.com/v1"',
    );
  }
  const listed = await listModels(context, profile, base_url);
  const rows = withOverrides(listed, profile.models);
  context.stdout.write(options.json ? jsonLine(rows) : `${asTable(rows)}\n`);
}

/** From the cache while that is fresh, else from the server; from an old cache where the server can't be asked. */
async function listModels(context: Context, profile: Profile, base_url: string): Promise<readonly Model[]> {
  const cached = readModels(context.paths.cache, profile.account, base_url);
  if (cached && context.now() - cached.asked_at < FRESH && cached.asked_at <= context.now())
    return cached.models;
  try {
    const found = await askWithToken(context, profile, base_url);
    writeModels(context.paths.cache, profile.account, base_url, { asked_at: context.now(), models: found });
    return found;
  } catch (error) {
    if (!isOidcTokenError(error) || error.kind === "interrupted") throw error;
    const known = cached?.models ?? (Object.keys(profile.models).length > 0 ? [] : undefined);
    if (known === undefined) throw error;
    context.log.warn(`models not asked for: ${error.message}`, { profile: profile.name });
    tell(context, `${error.message}; showing what is known`);
    return known;
  }
}

async function askWithToken(context: Context, profile: Profile, base_url: string): Promise<readonly Model[]> {
  const access = accessProfile(context, profile);
  const server = { ...context, fetch: await context.transport(profile, access.secrets) };
  let rejected_sha256: string | undefined;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { access_token } = await obtain(context, access, { rejected_sha256 });
    const found = await askForModels(server, profile, base_url, access_token);
    if (found !== REFUSED) return found;
    rejected_sha256 = sha256(access_token);
  }
  throw new OidcTokenError(
    "refused",
    `${new URL(base_url).host} refused the token of profile "${profile.name}" when asked for its models`,
    "check the profile's scope, audience and header against what the service expects",
  );
}

function withOverrides(listed: readonly Model[], overrides: Profile["models"]): Model[] {
  const rows = new Map(listed.map((model) => [model.id, model]));
  for (const [id, override] of Object.entries(overrides)) {
    rows.set(id, { ...rows.get(id), ...(override as object), id });
  }
  return [...rows.values()].sort((a, b) => a.id.localeCompare(b.id));
}

function asTable(rows: readonly Model[]): string {
  const head = ["MODEL", "NAME", "CONTEXT", "OUTPUT"].map((title) => kleur.bold(title));
  const cells = rows.map(({ id, name, limit }) => [
    id,
    name ?? "-",
    `${limit?.context ?? "-"}`,
    `${limit?.output ?? "-"}`,
  ]);
  return table([head, ...cells]);
}
