import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Sandbox } from "../support/command.js";
import { expectFailure } from "../support/failure-shape.js";
import { freePort } from "../support/free-port.js";

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

/** The port of a server on 127.0.0.1 that ends with the test. */
async function listening(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("init with a mistake in it", () => {
  it("says of a web page that it is one", async () => {
    const port = await listening((_, response) =>
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<title>Welcome</title>"),
    );
    const { hint } = expectFailure(await sandbox.run(["init", `http://127.0.0.1:${port}`]), 4);
    expect(hint).toMatch(/looked at \S+oauth-protected-resource and 2 more: a web page$/);
  });

  it("names the address that it was sent on to, and does not go there by itself", async () => {
    let asked = 0;
    const target = await listening((_, response) => {
      asked += 1;
      response.writeHead(404).end();
    });
    const issuer = `http://127.0.0.1:${target}`;
    const port = await listening((request, response) =>
      response.writeHead(302, { location: `${issuer}${request.url}?session=1` }).end(),
    );
    const outcome = await sandbox.run(["init", `http://127.0.0.1:${port}`, "--client-id", "x"]);
    const { message, hint } = expectFailure(outcome, 4);
    expect(message).toBe(`127.0.0.1:${port}/ leads on to ${issuer}, which is not followed by itself`);
    expect(hint).toBe(`if you trust that address, run: oidc-token init ${issuer}`);
    expect(asked).toBe(0);
  });

  it.each([
    ["https//id.example.com", "https://id.example.com"],
    ["https:/id.example.com/x", "https://id.example.com/x"],
    ["htps://id.example.com", "https://id.example.com"],
    ["http;//127.0.0.1:9/v1", "http://127.0.0.1:9/v1"],
    ["hhttps://id.example.com", "https://id.example.com"],
  ])("guesses what was meant by %s", async (typed, meant) => {
    const { message, hint } = expectFailure(await sandbox.run(["init", typed]), 2);
    expect(message).toBe("the address is no URL as it is written");
    expect(hint).toBe(`did you mean ${meant}?`);
  });

  it("tells a misspelt option before it asks anybody", async () => {
    const address = `http://127.0.0.1:${await freePort()}`;
    const outcome = await sandbox.run(["init", address, "--flow", "device_cod", "--client-id", "x"]);
    const { message, hint } = expectFailure(outcome, 2);
    expect(message).toMatch(/^--flow must be one of/);
    expect(hint).toBe('did you mean "device_code"?');
  });

  it("asks for the issuer by its option, with an example of the preset's", async () => {
    const { hint } = expectFailure(await sandbox.run(["init", "--preset", "okta"]), 2);
    expect(hint).toBe("nothing was written; give it: --issuer https://<org>.okta.com/oauth2/<server id>");
    const google = expectFailure(await sandbox.run(["init", "--preset", "google"]), 2);
    expect(google.hint).toBe("nothing was written; give it: --client-id");
  });

  it("takes an address that the provider itself names, as its sign-in page's, for the provider's", async () => {
    let issuer = "";
    const port = await listening(({ url }, response) => {
      const document = {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        response_types_supported: ["code"],
      };
      const is_there = url === "/.well-known/openid-configuration";
      response.writeHead(is_there ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify(is_there ? document : {}));
    });
    issuer = `http://127.0.0.1:${port}`;
    const madeOf = async (path: string) => {
      const outcome = await sandbox.run(["init", `${issuer}/${path}`, "--client-id", "x", "--force"]);
      expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
      return JSON.parse(readFileSync(`${sandbox.configDir}/config.jsonc`, "utf8")).profiles.default;
    };
    for (const path of ["authorize?client_id=x", "token"]) {
      const made = await madeOf(path);
      expect(made).toMatchObject({ issuer });
      expect(made).not.toHaveProperty("base_url");
    }
    // Any other is an API's, whose own address is without the query.
    expect(await madeOf("v1/?page=1")).toMatchObject({ issuer, base_url: `${issuer}/v1` });
  });
});
