import { duration } from "../../duration.js";
import { presetOf } from "../../providers/index.js";
import { below } from "../../providers/preset.js";
import { type Check, fail, failed, own, type Patient, pass, skip, type Told, warn } from "./check.js";
import { look } from "./look.js";

/** Seconds. `Date` is rounded, and was sent before the answer arrived. */
const CLOCK_TOLERANCE = 60;

/** Whether the provider answers: name, proxy, TLS, time. */
export const reach: Check<Patient> = {
  name: "reach",
  seconds: 20,
  async run(patient) {
    const { context } = patient;
    const url = addressToAsk(patient);
    if (!url) return skip("nobody is asked for this profile's token");
    const started = context.now();
    try {
      const { response } = await look(patient, url, { accept: "application/json" });
      const theirs = Date.parse(response.headers.get("date") ?? "") / 1000;
      if (Number.isFinite(theirs)) patient.date = { theirs, ours: context.now() };
      return pass(`${url.host} answers in ${Math.round((context.now() - started) * 1000)} ms`);
    } catch (error) {
      const { message, hint, kind } = own(error);
      return fail(message, /not trusted/.test(message) ? `${hint}; ${howToGetCa(url)}` : hint, kind);
    }
  },
};

function addressToAsk({ profile }: Patient): URL | undefined {
  const { issuer, endpoints } = profile;
  if (profile.flow[0] === "static_key") return undefined;
  if (issuer === undefined) {
    const endpoint = endpoints.token_endpoint ?? endpoints.authorization_endpoint;
    return endpoint === undefined ? undefined : new URL(new URL(endpoint).origin);
  }
  const url = new URL(issuer);
  return presetOf(profile).discovery ? new URL(below(url, "/.well-known/openid-configuration")) : url;
}

function howToGetCa({ hostname, port }: URL): string {
  return `ask your administrators for that CA, or see what is shown with: openssl s_client -showcerts -connect ${hostname}:${port || 443} </dev/null`;
}

/** This machine's clock against the provider's. */
export const clock: Check<Patient> = {
  name: "clock",
  after: ["reach"],
  seconds: 1,
  async run({ date }) {
    if (!date) return skip("nobody has said what time it is");
    const ahead = date.ours - date.theirs;
    if (Math.abs(ahead) <= CLOCK_TOLERANCE) return pass("within a minute of the provider's");
    const off = `${duration(Math.round(Math.abs(ahead)))} ${ahead > 0 ? "ahead of" : "behind"} the provider's`;
    return fail(
      `this machine's clock is ${off}`,
      "set it, or switch on its synchronisation: timedatectl set-ntp true",
      "temporary",
    );
  },
};

const FLOW_ENDPOINTS = {
  authorization_code: "authorization_endpoint",
  device_code: "device_authorization_endpoint",
} as const;

/** What the provider says of itself, against what the profile wants of it. */
export const discovery: Check<Patient> = {
  name: "discovery",
  after: ["reach"],
  seconds: 30,
  async run(patient) {
    const { context, profile, access } = patient;
    const preset = presetOf(profile);
    if (profile.flow[0] === "static_key") return skip("nobody is asked for this profile's token");
    if (profile.issuer === undefined) return skip("the profile names the endpoints itself");
    try {
      const asking = await context.discovery(profile, access.secrets);
      patient.server = await asking.provider(new URL(profile.issuer), profile.preset);
    } catch (error) {
      return failed(error);
    }
    const { endpoints, grants, scopes, document } = patient.server;
    if (!preset.discovery) return skip(`${preset.title} has no discovery document; its endpoints are known`);
    const told: Told[] = [];
    for (const flow of ["authorization_code", "device_code"] as const) {
      const endpoint = FLOW_ENDPOINTS[flow];
      if (!profile.flow.includes(flow)) continue;
      if ((profile.endpoints[endpoint] ?? endpoints[endpoint]) !== undefined) continue;
      const others = profile.flow.filter((each) => each !== flow);
      const say = `the provider offers no ${flow}: it names no ${endpoint}`;
      const mend = `take ${flow} out of "flow"${others.length > 0 ? "" : `; it offers ${grants.join(", ")}`}`;
      told.push(others.length > 0 ? warn(say, mend) : fail(say, mend));
    }
    const unknown = (profile.scope?.split(" ") ?? []).filter((scope) => scopes && !scopes.includes(scope));
    // Many providers announce only the standard's own scopes.
    if (unknown.includes("openid") || unknown.includes("offline_access"))
      told.push(
        warn(
          `the provider does not announce scope ${unknown.join(", ")}`,
          'it may refuse it or leave it out: see "scope"',
        ),
      );
    return told.length > 0 ? told : pass(`${document ?? profile.issuer}`);
  },
};
