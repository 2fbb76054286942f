import { auth0 } from "./auth0.js";
import { authentik } from "./authentik.js";
import { cognito } from "./cognito.js";
import { dex } from "./dex.js";
import { entra } from "./entra.js";
import type { Fixture } from "./fixture.js";
import { generic } from "./generic.js";
import { github } from "./github.js";
import { gitlab } from "./gitlab.js";
import { google } from "./google.js";
import { keycloak } from "./keycloak.js";
import { oci } from "./oci.js";
import { okta } from "./okta.js";
import { zitadel } from "./zitadel.js";

/** One for each preset. */
export const FIXTURES: readonly Fixture[] = [
  oci,
  okta,
  entra,
  google,
  auth0,
  keycloak,
  cognito,
  github,
  gitlab,
  zitadel,
  authentik,
  dex,
  generic,
];
