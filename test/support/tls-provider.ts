import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { type ProviderOptions, startProvider, type TestProvider } from "./provider.js";

export interface TlsProvider extends TestProvider {
  readonly jwks_uri: string;
  /** The certificate to trust, in PEM. */
  readonly ca_file: string;
}

/** Boots `startProvider` behind TLS on 127.0.0.1, with a certificate nobody else trusts. Call `stop`. */
export async function startTlsProvider(
  options: Omit<ProviderOptions, "issuer" | "middleware"> = {},
): Promise<TlsProvider> {
  const certificate = await generate([{ name: "commonName", value: "oidc-token test provider" }], {
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), "oidc-token-tls-"));
  const ca_file = join(folder, "ca.pem");
  writeFileSync(ca_file, certificate.cert);

  let port = 0;
  const front = createServer({ key: certificate.private, cert: certificate.cert }, (request, response) => {
    const { url = "/", method = "GET" } = request;
    const headers = { ...request.headers, "x-forwarded-proto": "https" };
    const onward = httpRequest({ host: "127.0.0.1", port, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve, reject) => {
    front.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const issuer = `https://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const provider = await startProvider({
    ...options,
    issuer,
    middleware: (ctx, next) => {
      // Without this it takes itself for an http address whatever the front says.
      ctx.app.proxy = true;
      return next();
    },
  });
  port = provider.port;

  return {
    ...provider,
    issuer,
    jwks_uri: `${issuer}/jwks`,
    ca_file,
    async stop() {
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
      await provider.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
