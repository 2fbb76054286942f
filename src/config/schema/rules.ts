import { isLoopback } from "../../loopback.js";
import { CONTROL_CHARACTER, type Complaint } from "../../text.js";

const PLACEHOLDER =
  /<[^<>]*>|…|\byour[-_. ]?(?:client|app|tenant|org|domain|realm|api|company|server)\b|^(?:changeme|change[-_]me|todo|x{3,})$/i;

/** Whether a value was never filled in: `<org>`, `your-client-id`, `…`. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.test(value);
}

/** https, or plain http on this machine (DESIGN §7.6); no user name, no fragment. The value is not repeated: it may hold a secret. */
export function urlComplaint(value: string): Complaint | undefined {
  const url = parse(value);
  if (!url && /<[^<>]*>/.test(value)) {
    return { sentence: "still holds a placeholder in < >", hint: "put the real name in its place" };
  }
  if (!url) {
    return { sentence: "must be a URL", hint: "write it in full, as in https://id.example.com" };
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url))) {
    return {
      sentence: "must be an https URL",
      hint: "plain http is only for this machine: 127.0.0.1, [::1] or localhost",
    };
  }
  if (url.username !== "" || url.password !== "") {
    return {
      sentence: "must not hold a user name or password",
      hint: "take out what stands before the @; a client's secret goes into client_secret",
    };
  }
  if (url.hostname.includes("*"))
    return { sentence: "must not hold a wildcard", hint: "write the host in full" };
  if (value.includes("#"))
    return { sentence: "must not have a fragment", hint: "take out the # and what follows it" };
  return undefined;
}

/** An origin (RFC 6454): scheme, host and port, nothing after it but one slash. */
export function originComplaint(value: string): Complaint | undefined {
  const complaint = urlComplaint(value);
  if (complaint) return complaint;
  const url = new URL(value);
  if (url.pathname !== "/" || value.includes("?")) {
    return {
      sentence: "must be an origin: scheme, host and port, without a path",
      hint: `write "${url.origin}"`,
    };
  }
  return undefined;
}

/** Where the browser comes back to: this machine, plain http, and a path, because URL parsing would add one. */
export function redirectComplaint(value: string): Complaint | undefined {
  const url = parse(value);
  const example = "as in http://localhost:8888/callback, exactly as it is registered at the provider";
  if (!url) return { sentence: "must be a URL", hint: `write it in full, ${example}` };
  if (url.protocol !== "http:" || !isLoopback(url)) {
    return {
      sentence: "must be an http URL on this machine: 127.0.0.1, [::1] or localhost",
      hint: `the sign-in comes back to a server this command starts; write it ${example}`,
    };
  }
  if (url.username !== "" || url.password !== "" || /[?#]/.test(value)) {
    return { sentence: "must have no user name, query or fragment", hint: `write it ${example}` };
  }
  if (url.port === "0") {
    return { sentence: "must not have port 0", hint: "leave the port out: a free one is taken then" };
  }
  if (!/^http:\/\/[^/]+\//i.test(value)) {
    return {
      sentence: "must have a path",
      hint: `write "${url.origin}/callback", or "${url.origin}/", and register the same at the provider`,
    };
  }
  return undefined;
}

/** A proxy, with the user and password it may ask for. */
export function proxyComplaint(value: string): Complaint | undefined {
  const url = parse(value);
  const hint = "write it in full, as in http://proxy.example.com:3128";
  if (!url) return { sentence: "must be a URL", hint };
  if (url.protocol === "http:" || url.protocol === "https:") return undefined;
  return {
    sentence: "must be an http or https URL",
    hint: "other kinds of proxy, such as SOCKS, are not supported",
  };
}

/** RFC 8707 §2: an absolute URI without a fragment. */
export function resourceComplaint(value: string): Complaint | undefined {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:[^\s#]+$/.test(value)) return undefined;
  return {
    sentence: "must be an absolute URI without a fragment",
    hint: "write it as in https://api.example.com (RFC 8707)",
  };
}

/** RFC 6749 §3.3, as far as characters go. */
export function scopeComplaint(value: string): Complaint | undefined {
  if (/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/.test(value) && value.trim() !== "") return undefined;
  return {
    sentence: "must be scopes with a space between them",
    hint: 'write it as in "openid offline_access", or leave the key out',
  };
}

/** RFC 9110 §5.1. */
export function fieldNameComplaint(value: string): Complaint | undefined {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value)) return undefined;
  return {
    sentence: "must be the name of an HTTP header",
    hint: 'write the name alone, without colon or value, as in "x-api-key"',
  };
}

/** Parameters the program sets itself; one set twice would break a request, or PKCE. */
const OWN_PARAMETERS = [
  "client_id",
  "client_secret",
  "code",
  "code_challenge",
  "code_challenge_method",
  "code_verifier",
  "device_code",
  "grant_type",
  "nonce",
  "redirect_uri",
  "refresh_token",
  "state",
];

/** The name of a further request parameter. */
export function parameterComplaint(name: string): Complaint | undefined {
  if (!OWN_PARAMETERS.includes(name)) return undefined;
  return {
    sentence: "is a parameter this program sets itself",
    hint: /^client_|redirect/.test(name) ? "use the key of that name in the profile" : "take it out",
  };
}

/** A URL as it stands, not as parsing would mend it. */
function parse(value: string): URL | undefined {
  if (/[\s\\]/.test(value) || CONTROL_CHARACTER.test(value) || !URL.canParse(value)) return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(value) ? new URL(value) : undefined;
}
