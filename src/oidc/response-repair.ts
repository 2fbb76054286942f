import type { StandardError } from "../providers/index.js";
import { objectIn } from "../text.js";

export interface RepairOptions {
  /** True where the profile says `id_token: "ignore"`. */
  readonly drop_id_token: boolean;
  /** The provider's own error codes, and what they mean. */
  readonly dialect?: Readonly<Record<string, StandardError>> | undefined;
}

type Body = Record<string, unknown>;

/**
 * The one place where the dialects of providers become RFC 6749 §5 and RFC 8628 §3.2, before openid-client
 * reads the answer. What is not understood is handed on as it came.
 */
export function repairResponse(response: Response, text: string, options: RepairOptions): Response {
  const headers = new Headers(response.headers);
  // The text is decoded already.
  headers.delete("content-encoding");
  headers.delete("content-length");
  // A challenge would make openid-client overlook the body, and with it `invalid_client`.
  headers.delete("www-authenticate");
  let status = response.status;
  const body = parseBody(text, headers.get("content-type") ?? "");
  if (body === undefined) {
    return new Response(text === "" ? null : text, { status, headers });
  }
  repairBody(body, options);
  translateError(body, options.dialect ?? {});
  if (typeof body.error === "string" && body.access_token === undefined) {
    // GitHub answers errors with 200 (RFC 6749 §5.2 asks for 400).
    if (status === 200) status = 400;
  }
  headers.set("content-type", "application/json");
  return new Response(JSON.stringify(body), { status, headers });
}

function parseBody(text: string, contentType: string): Body | undefined {
  if (text === "") return undefined;
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  return objectIn(text);
}

function repairBody(body: Body, options: RepairOptions): void {
  for (const [name, value] of Object.entries(body)) {
    if (value === null) delete body[name];
  }
  rename(body, "verification_url", "verification_uri");
  rename(body, "verification_url_complete", "verification_uri_complete");
  // Google, where a client asks too often.
  rename(body, "error_code", "error");
  inWords(body, "error");
  inWords(body, "error_description");
  toSeconds(body, "expires_in");
  toSeconds(body, "interval");
  if (body.interval === 0) delete body.interval;
  if (body.refresh_token === "") delete body.refresh_token;
  if (body.id_token === "" || options.drop_id_token) delete body.id_token;
  if (typeof body.access_token === "string" && body.token_type === undefined) body.token_type = "bearer";
}

/** The provider's own code stays readable in the description. */
function translateError(body: Body, dialect: Readonly<Record<string, StandardError>>): void {
  const { error, error_description } = body;
  if (typeof error !== "string" || !Object.hasOwn(dialect, error)) return;
  body.error = dialect[error];
  body.error_description = typeof error_description === "string" ? `${error}: ${error_description}` : error;
}

function rename(body: Body, from: string, to: string): void {
  if (body[from] !== undefined && body[to] === undefined) body[to] = body[from];
}

/** FastAPI and others say with a list or an object what RFC 6749 §5.2 has as text. */
function inWords(body: Body, name: string): void {
  const value = body[name];
  if (value === undefined || typeof value === "string") return;
  const messages = [value].flat().map((entry) => {
    const { msg, message } = (entry ?? {}) as Record<string, unknown>;
    return [entry, message, msg].find((text) => typeof text === "string") ?? JSON.stringify(entry);
  });
  body[name] = messages.join(", ");
}

/** Seconds that are no such number count as not said: a token without them is still a token. */
function toSeconds(body: Body, name: string): void {
  const value = body[name];
  if (value === undefined) return;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number) && number >= 0) body[name] = number;
  else delete body[name];
}
