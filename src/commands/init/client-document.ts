import type { Context } from "../../context.js";
import { OidcTokenError } from "../../errors.js";
import type { Json } from "../../files/jsonc-edit.js";
import { tell } from "../../terminal/tell.js";
import { oneLine, quote } from "../../text.js";
import type { FoundServer } from "../../token/discovery.js";

/** A client id that is the address of a document about the client, as far as can be seen from it. */
export function isAddress(client_id: Json | undefined): client_id is string {
  return typeof client_id === "string" && /^https:\/\//i.test(client_id);
}

/**
 * Throws an OidcTokenError of kind `usage` for an address that no server takes for a client-id document
 * (draft-ietf-oauth-client-id-metadata-document §3). Where the server does not say that it reads any, it may know the client
 * by this name.
 */
export function checkClientDocument(context: Context, client_id: string, server: FoundServer): void {
  if (!server.client_documents) {
    tell(
      context,
      `${server.issuer} does not say that it reads client-id documents, so it must know this client`,
    );
    return;
  }
  const url = URL.canParse(client_id) ? new URL(client_id) : undefined;
  const is_plain =
    url !== undefined && url.username === "" && url.password === "" && !client_id.includes("#");
  if (is_plain && url.pathname !== "/" && !/\/\.{1,2}(?:\/|$|\?)/.test(client_id)) return;
  throw new OidcTokenError(
    "usage",
    `${quote(client_id)} is no address of a client-id document: it has a path, and neither a fragment, a user nor dots for folders`,
    "give the address at which the document is, as in --client-id https://client.example.com/oidc-token.json",
  );
}

/** What the summary says of the client. */
export function clientLine(
  client_id: Json | undefined,
  registers: boolean,
  { client_documents }: FoundServer,
): string {
  if (typeof client_id === "string") return oneLine(client_id);
  const own = client_documents ? "; the address of a client-id document may be given with --client-id" : "";
  return `${registers ? "will be registered there, for this machine" : "you will be asked"}${own}`;
}
