import { randomInt } from "node:crypto";
import type { ProfileEntry } from "../../config/add-profiles.js";
import { completeProfile } from "../../config/complete.js";
import { configPath } from "../../config/load.js";
import { urlComplaint } from "../../config/schema/rules.js";
import { readUserFile } from "../../config/user-file.js";
import type { Context } from "../../context.js";
import { isOidcTokenError, OidcTokenError } from "../../errors.js";
import type { Json } from "../../files/jsonc-edit.js";
import { given } from "../../given.js";
import { isLoopback } from "../../loopback.js";
import type { Flow } from "../../profile.js";
import { accessProfile } from "../../session/access.js";
import type { Questions } from "../../terminal/questions.js";
import { tell } from "../../terminal/tell.js";
import { oneLine, quote } from "../../text.js";
import type { Discovery, Found, RegisteredClient } from "../../token/discovery.js";
import { checkClientDocument, clientLine, isAddress } from "./client-document.js";
import { flowsOf, freeName, grantsFor, nameFor, presetOfServer, scopeFor } from "./decide.js";
import type { InitOptions } from "./init-options.js";
import { checkNeeds } from "./needs.js";
import { checkEntry, checkValues, optionName, profileName, valuesFromOptions } from "./profile-options.js";

/** A profile that is to be written, and the client that was registered for it; or the name of one that is there. */
export type Prepared =
  | { readonly entry: ProfileEntry; readonly client?: RegisteredClient }
  | { readonly existing: string };

/** Asks a person for what no discovery tells. */
export interface ClientQuestions {
  readonly questions: Questions;
  client(found: Found, flow: readonly Flow[]): Promise<Record<string, Json>>;
}

/**
 * An address as people write it: https where it does not say, and http on this machine. Throws an OidcTokenError of kind
 * `usage` for what is none.
 */
export function parseAddress(typed: string): URL {
  const [, scheme, rest] = /^(h+t+p*s*[;:.,]*\/+)([^/].*)$/i.exec(typed) ?? [];
  if (scheme !== undefined && !/^https?:\/\/$/i.test(scheme)) {
    const meant = `${URL.canParse(`http://${rest}`) && isLoopback(new URL(`http://${rest}`)) ? "http" : "https"}://${rest}`;
    throw new OidcTokenError(
      "usage",
      "the address is no URL as it is written",
      `did you mean ${oneLine(meant)}?`,
    );
  }
  const has_scheme = /^[a-z][a-z0-9+.-]*:/i.test(typed) && !/^[\w.-]+:\d+(?:\/|$)/.test(typed);
  const near = URL.canParse(`http://${typed}`) && isLoopback(new URL(`http://${typed}`));
  const address = has_scheme ? typed : `${near ? "http" : "https"}://${typed}`;
  const complaint = urlComplaint(address);
  if (complaint) throw new OidcTokenError("usage", `the address ${complaint.sentence}`, complaint.hint);
  return new URL(address);
}

/** What stands behind an address, asked with the network settings of the options. */
export async function openDiscovery(
  context: Context,
  options: InitOptions,
  issuer: string,
): Promise<Discovery> {
  const ca_file = valuesFromOptions(context, given({ caFile: options.caFile })).ca_file;
  const frame = { name: "init", store: "auto", is_default: false, at: undefined } as const;
  const layer = { issuer, client_id: "none", ...given({ ca_file: ca_file as string | undefined }) };
  const probe = completeProfile(frame, [layer]);
  const { secrets } = accessProfile(context, probe);
  return await context.discovery(probe, secrets);
}

/**
 * The profile for an API or a provider, from its address. What was found is shown before anything is registered or
 * written; on a terminal the person agrees first. Throws an OidcTokenError: what `Discovery.find` throws, `usage` where an
 * option is missing and nobody can be asked, `interrupted` where the person leaves.
 */
export async function prepareFromAddress(
  context: Context,
  options: InitOptions,
  address: URL,
  asking?: ClientQuestions,
): Promise<Prepared> {
  const said = valuesFromOptions(context, options);
  const issuer = typeof said.issuer === "string" ? parseAddress(said.issuer) : undefined;
  checkValues(said, { kind: "usage", call: optionName });
  const discovery = await openDiscovery(context, options, (issuer ?? address).href);
  const found = await discovery.find(issuer ?? address, options.preset);
  const { api, server } = found;
  const flow =
    typeof said.flow === "string"
      ? [said.flow as Flow]
      : ((said.flow as Flow[] | undefined) ?? flowsOf(server));
  if (flow.length === 0) throw noFlow(found);
  if (!asking && server.elsewhere.length > 0) throw sentElsewhere(found);
  const existing = said.client_id === undefined ? profileFor(context, options, address, found) : undefined;
  if (existing !== undefined) {
    tell(context, `profile ${quote(existing)} is for ${address.host} already; --force makes it anew`);
    return { existing };
  }
  if (isAddress(said.client_id)) checkClientDocument(context, said.client_id, server);
  const registers = said.client_id === undefined && server.registration_endpoint !== undefined;
  if (!registers && said.client_id === undefined && !asking) throw noClient(found);

  const preset = presetOfServer(server);
  const is_api = found.is_api || issuer !== undefined;
  const api_named = api && preset.api_key ? { [preset.api_key]: api.resource } : {};
  const values: Record<string, Json> = {
    ...(preset.name !== "generic" && { preset: preset.name }),
    issuer: server.issuer,
    flow: flow.length === 1 ? (flow[0] as string) : [...flow],
    ...given({ scope: scopeFor(found, flow) }),
    ...api_named,
    ...(is_api && { base_url: baseUrl(address) }),
    ...said,
  };
  values.issuer = server.issuer;
  show(context, address, found, values, registers, asking?.questions);
  await agree(found, options, asking?.questions);
  const client = registers ? await registered(discovery, found, values, flow, asking) : undefined;
  if (client) Object.assign(values, client.values);
  else if (values.client_id === undefined && asking) Object.assign(values, await asking.client(found, flow));
  const entry = { name: nameOf(context, options, address, found), values };
  checkEntry(context, entry, { kind: "usage", call: optionName });
  checkNeeds(context, entry, optionName);
  return { entry, ...given({ client: client?.client }) };
}

interface Registered {
  readonly client: RegisteredClient;
  readonly values: Record<string, Json>;
}

/** Undefined where the server registers nobody and there is a person to ask. */
async function registered(
  discovery: Discovery,
  { server }: Found,
  { scope, redirect_uri }: Record<string, Json>,
  flow: readonly Flow[],
  asking: ClientQuestions | undefined,
): Promise<Registered | undefined> {
  // A port of its own, below those that systems give out: not every server takes any port on loopback (RFC 8252 §7.3).
  const redirect =
    typeof redirect_uri === "string"
      ? redirect_uri
      : `http://127.0.0.1:${randomInt(20_000, 32_000)}/callback`;
  try {
    const client = await discovery.register(server, {
      client_name: "oidc-token",
      redirect_uri: redirect,
      grants: grantsFor(flow, server),
      scope: typeof scope === "string" ? scope : undefined,
    });
    return {
      client,
      values: {
        client_id: client.client_id,
        ...(client.client_secret !== undefined && { client_secret: "{keyring}" }),
        ...given({ client_auth: client.client_secret === undefined ? undefined : client.client_auth }),
        ...(flow.includes("authorization_code") && { redirect_uri: redirect }),
      },
    };
  } catch (error) {
    if (!asking || !isOidcTokenError(error) || error.kind !== "refused") throw error;
    asking.questions.note("No client was registered", `${error.message}\n${error.hint}`);
    return undefined;
  }
}

const WAYS: Partial<Record<Flow, string>> = {
  authorization_code: "in the browser",
  device_code: "with a code on any device",
  client_credentials: "as a service, with its secret",
};

/** What was found, before anything comes of it. */
function show(
  context: Context,
  address: URL,
  { api, server }: Found,
  values: Record<string, Json>,
  registers: boolean,
  questions: Questions | undefined,
): void {
  const { title } = presetOfServer(server);
  const flow = [values.flow].flat() as Flow[];
  const client = clientLine(values.client_id, registers, server);
  const rows: (readonly [string, unknown])[] = [
    ["API", values.base_url],
    ["says so", api?.document],
    ["provider", `${server.issuer}${server.preset === "generic" ? "" : ` (${title})`}`],
    ["says so", server.document],
    ["sign-in", flow.map((each) => WAYS[each] ?? each).join(", or ")],
    ["client", client],
    ["scope", values.scope],
    ["resource", values.resource],
    ["audience", values.audience],
  ];
  const lines = rows
    .filter(([, value]) => value !== undefined)
    .map(([label, value]) => `${label.padEnd(10)}${oneLine(String(value)).slice(0, 400)}`);
  const found = `Found at ${address.host}`;
  if (questions) questions.note(found, lines.join("\n"));
  else
    for (const line of [`${found.toLowerCase()}:`, ...lines.map((each) => `  ${each}`)]) tell(context, line);
}

/** Where a sign-in would leave the provider's own host, a person has to know. */
async function agree(
  { server }: Found,
  { login }: InitOptions,
  questions: Questions | undefined,
): Promise<void> {
  const hosts = server.elsewhere.join(", ");
  if (hosts === "") await questions?.goOn(`Write this profile${login === false ? "" : " and sign in"}?`);
  else await questions?.goOn(`Its sign-in goes to other hosts, ${hosts}. Are they right?`, false);
}

/** A script can't be asked. */
function sentElsewhere({ server }: Found): OidcTokenError {
  return new OidcTokenError(
    "refused",
    `the provider at ${server.issuer} sends sign-ins to other hosts: ${server.elsewhere.join(", ")}`,
    "nothing was sent there; if they are right, run init on a terminal and agree to it",
  );
}

/** What paths are put behind. */
function baseUrl({ origin, pathname }: URL): string {
  return origin + pathname.replace(/\/$/, "");
}

/** The profile that an earlier run has made of this address: a client more would be of no use. */
function profileFor(
  context: Context,
  { force, profile, config }: InitOptions,
  address: URL,
  { server }: Found,
): string | undefined {
  if (force) return undefined;
  const { profiles = {} } = readUserFile(configPath(context, given({ config })))?.values ?? {};
  const base_url = baseUrl(address);
  const same = Object.entries(profiles).find(
    ([name, values]) =>
      (profile === undefined || profile === name) &&
      values.issuer === server.issuer &&
      values.base_url === base_url,
  );
  return same?.[0];
}

function nameOf(context: Context, options: InitOptions, address: URL, { server }: Found): string {
  if (options.profile !== undefined) return profileName(options.profile);
  const taken = Object.keys(readUserFile(configPath(context, options))?.values.profiles ?? {});
  const name = nameFor(address, server);
  return options.force ? name : freeName(name, taken);
}

function noFlow({ server }: Found): OidcTokenError {
  return new OidcTokenError(
    "configuration",
    `the provider at ${server.issuer} announces no way to sign in that this program knows`,
    `it has: ${oneLine(server.grants.join(", ")).slice(0, 200) || "nothing"}; if you know better, say so with --flow`,
  );
}

function noClient({ server }: Found): OidcTokenError {
  return new OidcTokenError(
    "usage",
    `the provider at ${server.issuer} registers no client by itself, so it needs --client-id`,
    server.client_documents
      ? `give the address of a client-id document, which it reads: --client-id https://…; or ask who runs it for a client`
      : `ask who runs it for a client, or do it yourself: ${presetOfServer(server).setup.replace(/\.$/, "")}`,
  );
}
