import { OidcTokenError } from "../../errors.js";
import { given } from "../../given.js";
import { nameOf, serverTrouble } from "../../http/trouble.js";
import { CLIENT_AUTHS, type ClientAuth } from "../../profile.js";
import { objectIn } from "../../text.js";
import type { FoundServer, RegisteredClient, Registration } from "../../token/discovery.js";
import { type Asker, ask } from "./document.js";

/** What a client without a browser of its own may prove itself with, the one without a secret first. */
const WAYS: readonly ClientAuth[] = ["none", "client_secret_basic", "client_secret_post"];

/** RFC 7591 §3. Throws `refused` where the server does not register this client, in its own words. */
export async function register(
  asker: Asker,
  server: FoundServer,
  request: Registration,
): Promise<RegisteredClient> {
  const url = new URL(server.registration_endpoint ?? "");
  const { client_name, redirect_uri, grants, scope } = request;
  const offered = server.client_auths ?? WAYS;
  const body = {
    client_name,
    application_type: "native",
    redirect_uris: [redirect_uri],
    grant_types: grants,
    response_types: grants.includes("authorization_code") ? ["code"] : [],
    token_endpoint_auth_method: WAYS.find((way) => offered.includes(way)) ?? "none",
    ...given({ scope }),
  };
  const { response, text } = await ask(asker, url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const trouble = serverTrouble(nameOf(url), response);
  if (trouble) throw trouble;
  const answer = objectIn(text ?? "") ?? {};
  const { client_id, client_secret, registration_access_token, registration_client_uri } = answer;
  for (const secret of [client_secret, registration_access_token])
    if (typeof secret === "string") asker.redactor.add(secret);
  if (response.status >= 300 || typeof client_id !== "string" || !/^[\x20-\x7e]{1,2000}$/.test(client_id)) {
    throw refusal(url, response.status, answer, asker);
  }
  const secret = typeof client_secret === "string" && client_secret !== "" ? client_secret : undefined;
  const way = CLIENT_AUTHS.find((each) => each === answer.token_endpoint_auth_method);
  const uri = typeof registration_client_uri === "string" && URL.canParse(registration_client_uri);
  const own =
    uri && new URL(registration_client_uri).origin === url.origin ? registration_client_uri : undefined;
  return {
    client_id,
    ...(secret !== undefined && way !== "none" && { client_secret: secret, ...given({ client_auth: way }) }),
    ...(own !== undefined &&
      typeof registration_access_token === "string" && {
        management: { uri: own, access_token: registration_access_token },
      }),
  };
}

function refusal(
  url: URL,
  status: number,
  { error, error_description }: Readonly<Record<string, unknown>>,
  { redactor }: Asker,
): OidcTokenError {
  const said = [error, error_description].filter((each) => typeof each === "string" && each !== "");
  const words = said.length > 0 ? redactor.clean(said.join(": ")) : `status ${status}`;
  return new OidcTokenError(
    "refused",
    `${nameOf(url)} registers no client for this program: ${words}`,
    "have a client registered by who runs the provider, and give its id: --client-id",
  );
}
