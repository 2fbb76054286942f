import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createScanner } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { addProfiles, type ConfigChange } from "../../../src/config/add-profiles.js";
import { parseJsonc } from "../../../src/files/jsonc.js";
import { type Json, setKey } from "../../../src/files/jsonc-edit.js";
import { failure, PUBLIC_CLIENT, Sandbox } from "../config/sandbox.js";

const LINE_COMMENT = 12;
const BLOCK_COMMENT = 13;
const END = 17;

function commentsIn(text: string): string[] {
  const scanner = createScanner(text);
  const comments: string[] = [];
  for (let kind = scanner.scan() as number; kind !== END; kind = scanner.scan())
    if (kind === LINE_COMMENT || kind === BLOCK_COMMENT) comments.push(scanner.getTokenValue());
  return comments;
}

function plain(text: string): unknown {
  return JSON.parse(JSON.stringify(parseJsonc("text", text).value));
}

describe("setKey", () => {
  it("adds an entry behind the last one and leaves the comments where they were", () => {
    const text = `{
  // all of them
  "profiles": {
    "a": { "issuer": "x" }, // the first
    "b": {
      "issuer": "y" // why y
    } // the second
    // no more
  }
}
`;
    expect(setKey(text, ["profiles", "c"], { issuer: "z", flow: ["device_code"] })).toBe(`{
  // all of them
  "profiles": {
    "a": { "issuer": "x" }, // the first
    "b": {
      "issuer": "y" // why y
    }, // the second
    "c": {
      "issuer": "z",
      "flow": ["device_code"]
    }
    // no more
  }
}
`);
  });

  it("keeps to trailing commas, tabs and the line ends of Windows", () => {
    expect(setKey('{\r\n\t"a": 1, // one\r\n}\r\n', ["b"], { c: true })).toBe(
      '{\r\n\t"a": 1, // one\r\n\t"b": {\r\n\t\t"c": true\r\n\t},\r\n}\r\n',
    );
  });

  it("stays on the line of an object that is written on one", () => {
    expect(setKey('{ "a": { "b": 1 } }', ["a", "c"], ["x", "y"])).toBe(
      '{ "a": { "b": 1, "c": ["x", "y"] } }',
    );
    expect(setKey('{"a":1,}', ["b"], {})).toBe('{"a":1, "b": {},}');
  });

  it("makes the objects on the way, and keeps the comments of an empty one", () => {
    expect(setKey("{}", ["profiles", "a"], { issuer: "x" })).toBe(
      '{\n  "profiles": {\n    "a": {\n      "issuer": "x"\n    }\n  }\n}',
    );
    expect(setKey('{\n  "profiles": {\n    // none yet\n  }\n}', ["profiles", "a"], "x")).toBe(
      '{\n  "profiles": {\n    // none yet\n    "a": "x"\n  }\n}',
    );
  });

  it("replaces a value and nothing around it", () => {
    expect(setKey('{ "a": /* of */ 1 /* old */, "b": 2 }', ["a"], "new")).toBe(
      '{ "a": /* of */ "new" /* old */, "b": 2 }',
    );
  });

  it("takes an entry out with its line, and the comma that only led to it", () => {
    const text = '{\n  "a": 1,\n  // about b\n  "b": 2, // b\n  "c": 3 // c\n}\n';
    expect(setKey(text, ["b"], undefined)).toBe('{\n  "a": 1,\n  // about b\n  "c": 3 // c\n}\n');
    expect(setKey(text, ["c"], undefined)).toBe('{\n  "a": 1,\n  // about b\n  "b": 2 // b\n}\n');
    expect(setKey('{"a":1}', ["a"], undefined)).toBe("{}");
    expect(setKey('{"a":1,"b":2}', ["a"], undefined)).toBe('{"b":2}');
    expect(setKey('{"a":1}', ["b", "c"], undefined)).toBe('{"a":1}');
  });

  it("does, in whatever layout, just what the same change does to the values, and loses no comment", () => {
    const separators = ["", " ", "\n", "\n  ", " // r\n ", " /* b */ ", "\n/* x\n y */\n"];
    let seed = 7;
    const pick = <T>(list: readonly T[]): T => {
      seed = (seed * 48271) % 2147483647;
      return list[seed % list.length] as T;
    };
    const gap = () => pick(separators);
    const write = (value: Json): string => {
      if (typeof value !== "object" || Array.isArray(value)) return JSON.stringify(value);
      const entries = Object.entries(value);
      const parts = entries.map(
        ([key, part], index) =>
          `${gap()}${JSON.stringify(key)}${gap()}:${gap()}${write(part)}${gap()}${index < entries.length - 1 ? "," : pick(["", ","])}`,
      );
      return `{${parts.join("")}${gap()}}`;
    };
    for (let round = 0; round < 400; round += 1) {
      const value = { a: 1, o: pick<Json>([{}, { x: "//", y: { z: [1, 2] } }, { x: "," }]), b: "}" };
      const text = `${gap()}${write(value)}${gap()}`;
      const path = pick([["a"], ["o", "x"], ["o", "new"], ["n"], ["o"], ["p", "q"], ["b"]]);
      const target = pick<Json | undefined>([undefined, "set", { deep: ["er"] }]);
      const expected = structuredClone(value) as Record<string, Json>;
      let holder = expected;
      for (const key of path.slice(0, -1)) {
        if (target !== undefined) holder[key] ??= {};
        holder = (holder[key] ?? {}) as Record<string, Json>;
      }
      if (target === undefined) delete holder[path.at(-1) as string];
      else holder[path.at(-1) as string] = target;

      const edited = setKey(text, path, target);
      expect(plain(edited), `${JSON.stringify(path)} in ${text}`).toEqual(expected);
      const inside =
        target === undefined ? [] : commentsIn(text).filter(() => path[0] !== "o" || path.length > 1);
      expect(commentsIn(edited)).toEqual(expect.arrayContaining(inside));
      // Changing what is changed already changes nothing.
      expect(plain(setKey(edited, path, target))).toEqual(expected);
    }
  });
});

const ADD: ConfigChange = {
  profiles: [{ name: "work", values: PUBLIC_CLIENT }],
  replace: false,
  schema: () => "/schema.json",
};

describe("addProfiles", () => {
  it("makes the file 0600 in a folder of 0700, with $schema", () => {
    const sandbox = new Sandbox();
    expect(addProfiles(sandbox.file, sandbox.home, ADD)).toEqual({
      written: ["work"],
      unchanged: [],
      needs_default: false,
    });
    expect(statSync(sandbox.file).mode & 0o777).toBe(0o600);
    expect(statSync(sandbox.config).mode & 0o777).toBe(0o700);
    expect(plain(readFileSync(sandbox.file, "utf8"))).toEqual({
      $schema: "/schema.json",
      profiles: { work: PUBLIC_CLIENT },
    });
    expect(sandbox.load().profile("work").issuer).toBe(PUBLIC_CLIENT.issuer);
  });

  it("takes an empty file for none, and keeps its mode", () => {
    const sandbox = new Sandbox();
    sandbox.configure("");
    chmodSync(sandbox.file, 0o640);
    addProfiles(sandbox.file, sandbox.home, ADD);
    expect(statSync(sandbox.file).mode & 0o777).toBe(0o640);
    expect(sandbox.load().names).toEqual(["work"]);
  });

  it("writes nothing where the same profile stands there already", () => {
    const sandbox = new Sandbox();
    const text = `{"profiles":{"work":{"client_id":"cli", /* c */ "issuer":"https://id.example.com"}}}`;
    sandbox.configure(text);
    const before = statSync(sandbox.file).ino;
    expect(addProfiles(sandbox.file, sandbox.home, ADD)).toMatchObject({ written: [], unchanged: ["work"] });
    expect(readFileSync(sandbox.file, "utf8")).toBe(text);
    expect(statSync(sandbox.file).ino).toBe(before);
  });

  it("refuses to replace another profile of the name, and with replace keeps the comments inside", () => {
    const sandbox = new Sandbox();
    sandbox.configure(`{
  "profiles": {
    "work": {
      // ours
      "issuer": "https://id.example.com",
      "scope": "openid", // short
      "client_id": "old"
    }
  }
}`);
    expect(failure(() => addProfiles(sandbox.file, sandbox.home, ADD), sandbox)).toEqual({
      kind: "configuration",
      message: 'profile "work" stands in ~/.config/oidc-token/config.jsonc already, with other values',
      hint: "choose another name with --profile, or replace it with --force",
    });
    addProfiles(sandbox.file, sandbox.home, { ...ADD, replace: true });
    expect(readFileSync(sandbox.file, "utf8")).toBe(`{
  "profiles": {
    "work": {
      // ours
      "issuer": "https://id.example.com",
      "client_id": "cli"
    }
  }
}`);
  });

  it("keeps the only profile the default when a second one comes", () => {
    const sandbox = new Sandbox();
    sandbox.configure({ profiles: { home: PUBLIC_CLIENT } });
    expect(addProfiles(sandbox.file, sandbox.home, ADD)).toMatchObject({ kept_default: "home" });
    expect(sandbox.load().profile().name).toBe("home");
    addProfiles(sandbox.file, sandbox.home, { ...ADD, default_profile: "work" });
    expect(sandbox.load().profile().name).toBe("work");
  });

  it("says that none is the default where two come at once", () => {
    const sandbox = new Sandbox();
    const two = [...ADD.profiles, { name: "home", values: PUBLIC_CLIENT }];
    expect(addProfiles(sandbox.file, sandbox.home, { ...ADD, profiles: two }).needs_default).toBe(true);
  });

  it.each([
    ["a syntax error", '{ "profiles": { }', "closing brace"],
    ["an unknown key", '{ "profile": {} }', 'unknown key "profile"'],
    ["a list", "[]", "must be an object"],
    ["a comment alone", "// later", "is empty"],
  ])("leaves a file with %s as it is and says where it is wrong", (_, text, complaint) => {
    const sandbox = new Sandbox();
    sandbox.configure(text);
    expect(failure(() => addProfiles(sandbox.file, sandbox.home, ADD)).message).toContain(complaint);
    expect(readFileSync(sandbox.file, "utf8")).toBe(text);
    expect(readdirSync(sandbox.config)).toEqual(["config.jsonc"]);
  });

  it("does not let a profile in that the loader refuses", () => {
    const sandbox = new Sandbox();
    const text = '{ "profiles": {} }';
    sandbox.configure(text);
    const bad = { ...ADD, profiles: [{ name: "work", values: { issuer: "https://id.example.com" } }] };
    const { message, hint } = failure(() => addProfiles(sandbox.file, sandbox.home, bad), sandbox);
    expect(message).toMatch(
      /^~\/\.config\/oidc-token\/config\.jsonc:2:\d+: profile "work" needs "client_id"/,
    );
    expect(hint).toMatch(/^nothing was written; /);
    expect(readFileSync(sandbox.file, "utf8")).toBe(text);
    expect(readdirSync(sandbox.config)).toEqual(["config.jsonc"]);
  });
});
