import { generate } from "selfsigned";

/** PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly ca: Certificate;
  /** For `id.example.test`, `localhost`, 127.0.0.1 and 127.0.0.2. */
  readonly server: Certificate;
  readonly client: Certificate;
}

/** A certificate authority of its own, a server that it knows, and a client that it knows. */
export async function createCertificates(name = "Company CA"): Promise<Certificates> {
  const ca = await signed(name, undefined, [
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
  ]);
  const server = await signed("id.example.test", ca, [
    { name: "extKeyUsage", serverAuth: true },
    {
      name: "subjectAltName",
      altNames: [
        { type: 2, value: "id.example.test" },
        { type: 2, value: "localhost" },
        { type: 7, ip: "127.0.0.1" },
        { type: 7, ip: "127.0.0.2" },
      ],
    },
  ]);
  const client = await signed("oidc-token", ca, [{ name: "extKeyUsage", clientAuth: true }]);
  return { ca, server, client };
}

type Options = NonNullable<Parameters<typeof generate>[1]>;

async function signed(
  name: string,
  ca: Certificate | undefined,
  extensions: NonNullable<Options["extensions"]>,
): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions,
    ...(ca && { ca }),
  });
  return { cert, key };
}
