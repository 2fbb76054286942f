/**
 * Tests of the command that need nothing but npm and yet take their time: they wait for time-outs, or try every
 * provider, option and failure. `npm test` stays quick without them; `npm run test:real` runs them first.
 */
export const LONG = [
  "test/e2e/canary.test.ts",
  "test/e2e/concurrency.test.ts",
  "test/e2e/descriptors.test.ts",
  "test/e2e/destinations.test.ts",
  "test/e2e/dpop.test.ts",
  "test/e2e/each-profile.test.ts",
  "test/e2e/foreign-files.test.ts",
  "test/e2e/doctor.test.ts",
  "test/e2e/get-options.test.ts",
  "test/e2e/init-address.test.ts",
  "test/e2e/init-presets.test.ts",
  "test/e2e/init.test.ts",
  "test/e2e/lock-folder.test.ts",
  "test/e2e/models.test.ts",
  "test/e2e/networks.test.ts",
  "test/e2e/one-request.test.ts",
  "test/e2e/provider-trouble.test.ts",
  "test/e2e/providers-oci.test.ts",
  "test/e2e/providers.test.ts",
  "test/e2e/relying-party.test.ts",
  "test/e2e/setup-shared.test.ts",
  "test/e2e/setup.test.ts",
  "test/e2e/static-key.test.ts",
  "test/e2e/trust.test.ts",
  "test/e2e/serve.test.ts",
  "test/e2e/signed-out.test.ts",
  "test/e2e/unattended.test.ts",
];
