import * as v from "valibot";
import { obeys, seconds, string, text } from "./parts.js";
import { proxyComplaint } from "./rules.js";

/** The keys of a profile that say how its requests travel. */
export const networkEntries = {
  timeout: v.exactOptional(
    v.pipe(seconds(1, 600), v.description("Seconds one request to the provider may take. Default: 10.")),
  ),
  ca_file: v.exactOptional(
    v.pipe(
      text(),
      v.examples(["~/company-ca.pem"]),
      v.description(
        "A file with CA certificates in PEM, trusted in requests of this profile in addition to the runtime's own.",
      ),
    ),
  ),
  proxy: v.exactOptional(
    v.pipe(
      string(),
      obeys(proxyComplaint),
      v.examples(["http://proxy.example.com:3128"]),
      v.description(
        "The proxy for requests of this profile, but not to the hosts in NO_PROXY. Default: what HTTPS_PROXY and HTTP_PROXY say.",
      ),
    ),
  ),
};
