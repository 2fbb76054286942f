import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificates } from "../../support/certificates.js";
import { Bench } from "../../support/tools/bench.js";
import { type Guarded, json, startGuarded } from "../../support/tools/guarded.js";
import { onPath } from "../../support/tools/installed.js";

const kubectl = onPath("kubectl", false);

describe.skipIf(kubectl.missing)(kubectl.named("kubectl"), () => {
  let bench: Bench;
  let server: Guarded;
  beforeAll(async () => {
    const { ca, server: certificate } = await createCertificates();
    bench = await Bench.start();
    writeFileSync(join(bench.home, "ca.pem"), ca.cert);
    server = await startGuarded(bench.provider, {
      tls: certificate,
      id_token: true,
      challenge: "Bearer",
      answer: (_request, response) =>
        json(response, {
          kind: "NamespaceList",
          apiVersion: "v1",
          metadata: {},
          items: [{ metadata: { name: "ours" } }],
        }),
    });
  });
  afterAll(async () => {
    await server?.stop();
    await bench?.stop();
  });

  test("asks an API server with an ID token, another after an expiry; a refused one ends the command", async () => {
    bench.file(
      ".kube/config",
      `apiVersion: v1
kind: Config
# the cluster at work
clusters:
- name: work
  cluster:
    server: ${server.url} # by VPN
    certificate-authority: ${join(bench.home, "ca.pem")}
users:
- name: other
  user:
    token: abc
contexts:
- name: work
  context:
    cluster: work
    user: corp
current-context: work
`,
    );
    const get = () => bench.run("kubectl", ["get", "--raw", "/api/v1/namespaces"]);
    await bench.setup("kubectl");
    await bench.live(
      async () => {
        const { code, stdout, stderr } = await get();
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(stdout).toContain('"ours"');
      },
      "does not ask again",
      "id_token",
    );
    expect(server.calls.every(({ scheme, allowed }) => scheme === "Bearer" && allowed)).toBe(true);

    server.revoked.add(bench.tokens.tokens.id_token ?? "");
    expect((await get()).code).not.toBe(0);
    // An ID token of the same second is the same to the letter, and the server has just refused that.
    await setTimeout(1_000);
    expect((await bench.command("refresh")).code).toBe(0);
    expect((await get()).code).toBe(0);
    expect(await bench.undo("kubectl")).toEqual([]);
  });
});
