import { auth0 } from "./auth0.js";
import { authentik } from "./authentik.js";
import { cognito } from "./cognito.js";
import { dex } from "./dex.js";
import { entra } from "./entra.js";
import { generic } from "./generic.js";
import { github } from "./github.js";
import { gitlab } from "./gitlab.js";
import { google } from "./google.js";
import { keycloak } from "./keycloak.js";
import { oci } from "./oci.js";
import { okta } from "./okta.js";
import type { Preset } from "./preset.js";
import { zitadel } from "./zitadel.js";

export type { IssuerRule, Need, Preset, PresetDefaults, StandardError } from "./preset.js";

/** Every preset, in the order of the documentation; `generic` is last. */
export const PRESETS: readonly Preset[] = [
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

export const PRESET_NAMES: readonly string[] = PRESETS.map(({ name }) => name);

/** The preset of this name; undefined where there is none. */
export function presetNamed(name: string | undefined): Preset | undefined {
  return PRESETS.find((preset) => preset.name === name);
}

/** The preset of a profile. */
export function presetOf(profile: { readonly preset: string }): Preset {
  return presetNamed(profile.preset) ?? generic;
}

/** The preset that surely fits this issuer, else `generic`; also for text that is no URL. */
export function presetFor(issuer: string | undefined): Preset {
  if (issuer === undefined || !URL.canParse(issuer)) return generic;
  const url = new URL(issuer);
  return PRESETS.find((preset) => preset.recognises(url)) ?? generic;
}
