import { describe, expect, it } from "vitest";
import { repairResponse } from "../../../src/oidc/response-repair.js";

const KEEP = { drop_id_token: false, dialect: {} };

async function repaired(body: unknown, init: ResponseInit = {}, options = KEEP) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = repairResponse(new Response(null, init), text, options);
  const answer = await response.text();
  return { status: response.status, headers: response.headers, text: answer, json: () => JSON.parse(answer) };
}

describe("what providers answer instead of the standard", () => {
  it.each<[string, unknown, unknown]>([
    [
      "verification_url (Google)",
      { verification_url: "https://x" },
      { verification_url: "https://x", verification_uri: "https://x" },
    ],
    ["numbers as text", { expires_in: "3600", interval: "5" }, { expires_in: 3600, interval: 5 }],
    ["text that is no number", { expires_in: "soon", interval: "" }, {}],
    ["a negative or an endless number", { expires_in: -1, interval: "1e400" }, {}],
    ["a number that is none", { expires_in: [60], interval: true }, {}],
    [
      "a description that is a list (FastAPI)",
      { error: "invalid_request", error_description: [{ loc: ["body"], msg: "field required" }, "and", 7] },
      { error: "invalid_request", error_description: "field required, and, 7" },
    ],
    [
      "an error that is an object (Google)",
      { error: { code: 400, message: "bad request", status: "INVALID" } },
      { error: "bad request" },
    ],
    ["an interval of 0", { interval: 0 }, {}],
    [
      "null for what is absent",
      { access_token: "a", token_type: "bearer", id_token: null, scope: null },
      { access_token: "a", token_type: "bearer" },
    ],
    ["an empty refresh token", { refresh_token: "", id_token: "" }, {}],
    ["no token_type", { access_token: "a" }, { access_token: "a", token_type: "bearer" }],
  ])("repairs %s", async (_name, body, expected) => {
    expect((await repaired(body)).json()).toEqual(expected);
  });

  it("leaves a standard answer as it is", async () => {
    const body = {
      access_token: "a",
      token_type: "Bearer",
      expires_in: 60,
      id_token: "i",
      refresh_token: "r",
    };
    expect((await repaired(body)).json()).toEqual(body);
    const device = {
      device_code: "d",
      user_code: "u",
      verification_uri: "https://x",
      expires_in: 1,
      interval: 1,
    };
    expect((await repaired(device)).json()).toEqual(device);
  });

  it("turns a 200 with an error into a 400 (GitHub), but not one with a token", async () => {
    expect((await repaired({ error: "authorization_pending" })).status).toBe(400);
    expect((await repaired({ access_token: "a", error: "" })).status).toBe(200);
  });

  it("turns a form body into JSON", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    const answer = await repaired("access_token=gho_1&scope=repo%2Cgist&token_type=bearer", { headers });
    expect(answer.json()).toEqual({ access_token: "gho_1", scope: "repo,gist", token_type: "bearer" });
    expect(answer.headers.get("content-type")).toBe("application/json");
  });

  it("takes JSON under a wrong content type", async () => {
    const answer = await repaired(
      { access_token: "a", token_type: "bearer" },
      { headers: { "content-type": "text/html" } },
    );
    expect(answer.headers.get("content-type")).toBe("application/json");
  });

  it("drops the challenge, which would hide the body and is none of the standard's", async () => {
    const init = { status: 401, headers: { "www-authenticate": "Basic" } };
    expect((await repaired({ error: "invalid_client" }, init)).headers.has("www-authenticate")).toBe(false);
    expect((await repaired("", init)).headers.has("www-authenticate")).toBe(false);
  });

  it("has no body for a status that can't have one, whatever the content type says", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    for (const status of [204, 205, 304])
      expect(await repaired("", { status, headers })).toMatchObject({ status });
  });

  it("drops the id token where the profile says ignore", async () => {
    const body = { access_token: "a", token_type: "bearer", id_token: "i" };
    expect((await repaired(body, {}, { ...KEEP, drop_id_token: true })).json()).not.toHaveProperty(
      "id_token",
    );
  });

  it.each(["<html>", "[1]", '"text"', "null", "12", "{", ""])("hands on %j as it came", async (body) => {
    const headers = { "content-type": "text/html" };
    const answer = await repaired(body, { status: 200, headers });
    expect(answer).toMatchObject({ status: 200, text: body });
    expect(answer.headers.get("content-type")).toBe("text/html");
  });

  it("can't be used to change an object's prototype", async () => {
    expect((await repaired('{"__proto__":{"access_token":"a"}}')).json().access_token).toBeUndefined();
    expect(({} as { access_token?: string }).access_token).toBeUndefined();
  });
});
