import type { Context } from "../../context.js";
import { commandOn } from "../../profile.js";
import { beginSignIn } from "./begin.js";
import { type Check, fail, failed, type Patient, pass, skip, type Told, warn } from "./check.js";
import { look } from "./look.js";
import { redirectOf, request } from "./request.js";

/**
 * Whether a browser sign-in may begin: the port is free here, and the provider's sign-in page takes client, redirect
 * address and scope. The page is asked for without a browser's cookies, and nobody signs in.
 */
export const redirect: Check<Patient> = {
  name: "browser flow",
  after: ["reach", "discovery", "client"],
  seconds: 30,
  async run(patient) {
    const { profile } = patient;
    if (!profile.flow.includes("authorization_code")) return skip("not in the profile's flow");
    let url: string | undefined;
    try {
      url = await beginSignIn(patient, "authorization_code");
    } catch (error) {
      return failed(error);
    }
    if (url === undefined) return skip("the provider has no sign-in page");
    try {
      const answer = await look(patient, new URL(url), { accept: "text/html" });
      return judge(answer.response, answer.text ?? "", patient);
    } catch (error) {
      return failed(error);
    }
  },
};

function judge(response: Response, body: string, { profile, context }: Patient): Told {
  const { status } = response;
  const location = response.headers.get("location") ?? "";
  const back = URL.canParse(location) ? new URL(location) : undefined;
  const error = back?.searchParams.get("error");
  // Sent back at once: the provider has said no, or asks for a person it can't see.
  if (error && !/login_required|interaction_required|consent_required/.test(error))
    return refused(error, back?.searchParams.get("error_description") ?? "", profile, context);
  if (status < 400) return pass(`the provider's sign-in page takes ${redirectOf(profile)}`);
  if (status >= 500)
    return warn(`the provider's sign-in page is out of order (${status})`, "try again in a minute");
  if (/redirect/i.test(body))
    return fail(
      `the provider does not know the redirect address ${redirectOf(profile)}`,
      "have exactly this address registered for the client, letter by letter, or write the registered one as redirect_uri",
      "refused",
      request(profile),
    );
  if (/invalid_client|client/i.test(body))
    return fail(
      `the provider's sign-in page does not know client ${profile.client_id ?? ""}`,
      "check client_id: it must be of this provider, and allowed to sign people in",
      "refused",
      request(profile),
    );
  return warn(
    `the provider's sign-in page answers ${status} without a reason that can be read`,
    `run: ${commandOn(profile)}, and look at the page in the browser`,
  );
}

function refused(
  error: string,
  description: string,
  profile: Patient["profile"],
  { redactor }: Pick<Context, "redactor">,
): Told {
  const words = redactor.clean(description === "" ? error : `${error} (${description})`);
  const hint = /scope/.test(error)
    ? `check "scope" (${profile.scope ?? "none"}) against what the client may ask for`
    : /target|resource/.test(error)
      ? 'check "resource" and "audience" against the APIs the provider knows'
      : "have the flow authorization_code allowed for this client";
  return fail(`the provider's sign-in page refuses: ${words}`, hint, "refused", request(profile));
}
