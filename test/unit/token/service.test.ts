import { beforeEach, describe, expect, it, vi } from "vitest";
import { OidcTokenError } from "../../../src/errors.js";
import type { TokenSet } from "../../../src/token/token-set.js";
import { Machine, START, seeded, sha256, unreachable } from "./simulation.js";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});

/** A record that a peer outside our lock put into the store. */
const byPeer = (fields: Partial<TokenSet> = {}): TokenSet => ({
  access_token: "access-of-peer",
  token_type: "Bearer",
  obtained_at: machine.clock.time,
  expires_at: machine.clock.time + 3600,
  refresh_token: "refresh-of-peer",
  ...fields,
});

describe("a token that is valid and not due", () => {
  it("is handed out after one read and nothing else", async () => {
    const tokens = machine.signedIn(100);
    expect(await machine.get()).toBe(tokens);
    expect(machine.deeds).toEqual(["read"]);
  });

  it("is handed out without a lock although it has no refresh token and is about to expire", async () => {
    const { refresh_token: _none, ...tokens } = machine.signedIn(3500);
    machine.stored = tokens;
    expect(await machine.get()).toBe(tokens);
    expect(machine.deeds).toEqual(["read"]);
  });

  it("is handed out for ever when nobody knows its expiry", async () => {
    const { expires_at: _unknown, ...tokens } = machine.signedIn(10_000_000);
    machine.stored = tokens;
    expect(await machine.get()).toBe(tokens);
    expect(machine.provider.requests).toBe(0);
  });

  it("is not enough where the caller needs it to live longer", async () => {
    machine.signedIn(100);
    const got = await machine.get({ min_validity: 3550 });
    expect(got.access_token).toBe("access-2");
    expect(machine.provider.requests).toBe(1);
  });
});

describe("a token that came while the clock was two hours ahead", () => {
  const misdated = (fields: Partial<TokenSet> = {}): void => {
    machine.signedIn(-7200);
    machine.stored = { ...(machine.stored as TokenSet), ...fields };
  };

  it("is refreshed once the clock is right, and that only once", async () => {
    misdated();
    expect((await machine.get()).access_token).toBe("access-2");
    expect((await machine.get()).access_token).toBe("access-2");
    expect(machine.provider.requests).toBe(1);
  });

  it("still helps while the provider cannot be reached", async () => {
    misdated();
    machine.provider.faults.push(unreachable());
    expect((await machine.get()).access_token).toBe("access-1");
    expect(machine.warnings).toHaveLength(1);
  });

  it("without a refresh token is handed out with a warning, or replaced where a person can sign in", async () => {
    misdated();
    const { refresh_token: _none, ...tokens } = machine.stored as TokenSet;
    machine.stored = tokens;
    expect((await machine.get()).access_token).toBe("access-1");
    expect(machine.warnings).toEqual([
      "the clock was ahead when the stored token came, so it may expire sooner than it seems",
    ]);
    expect((await machine.get({}, { signIn: async () => byPeer() })).access_token).toBe("access-of-peer");
  });
});

describe("a token that is due", () => {
  it("is refreshed under the lock, and stored before it is handed out", async () => {
    machine.signedIn(3400);
    const got = await machine.get();
    expect(got.access_token).toBe("access-2");
    expect(machine.stored).toEqual(got);
    expect(machine.deeds).toEqual(["read", "lock", "read", "refresh", "write", "release"]);
    expect(machine.warnings).toEqual([]);
  });

  it("is not refreshed by whoever gets the lock after a peer has done it", async () => {
    machine.signedIn(4000);
    const peer = byPeer();
    const got = await machine.get(
      {},
      {
        tryLock: async () => {
          machine.stored = peer;
          return machine.takeLock();
        },
      },
    );
    expect(got).toBe(peer);
    expect(machine.provider.requests).toBe(0);
    expect(machine.holders).toBe(0);
  });

  it("is not waited for while it still works: a peer with the lock is refreshing it already", async () => {
    const tokens = machine.signedIn(3400);
    machine.holders = 1;
    expect(await machine.get()).toBe(tokens);
    expect(machine.clock.time).toBe(START + 3400);
    expect(machine.warnings).toEqual([]);
  });

  it("is taken from the peer that was waited for, as soon as it is there", async () => {
    machine.signedIn(4000);
    machine.holders = 1;
    const waiting = machine.start();
    await machine.clock.run(machine.clock.sleep(3000));
    const peer = byPeer();
    machine.stored = peer;
    expect(await machine.clock.run(waiting)).toBe(peer);
    expect(machine.clock.time).toBeLessThan(START + 4000 + 3.5);
    expect(machine.deeds).not.toContain("refresh");
  });

  it("is refreshed by the next in line when the peer has given up", async () => {
    machine.signedIn(4000);
    machine.holders = 1;
    const waiting = machine.start();
    await machine.clock.run(machine.clock.sleep(3000));
    machine.holders = 0;
    expect((await machine.clock.run(waiting)).access_token).toBe("access-2");
    expect(machine.provider.requests).toBe(1);
  });
});

describe("what a refresh brings", () => {
  it("keeps the old refresh token, scope and ID token where the answer has none (RFC 6749 §6)", async () => {
    machine.provider.rotates = false;
    machine.stored = { ...machine.signedIn(4000), scope: "openid inference", id_token: "id-1" };
    expect(await machine.get()).toMatchObject({
      access_token: "access-2",
      refresh_token: "refresh-1",
      scope: "openid inference",
      id_token: "id-1",
    });
  });

  it("keeps the end of the session with the refresh token that stays", async () => {
    machine.provider.rotates = false;
    machine.stored = { ...machine.signedIn(4000), refresh_expires_at: 9000 };
    expect(await machine.get()).toMatchObject({ refresh_token: "refresh-1", refresh_expires_at: 9000 });
  });

  it("forgets the end of the session with the refresh token it was of", async () => {
    machine.stored = { ...machine.signedIn(4000), refresh_expires_at: 9000 };
    const fresh = byPeer();
    await machine.get({}, { refresh: async () => ({ outcome: "refreshed", tokens: fresh }) });
    expect(machine.stored?.refresh_expires_at).toBeUndefined();
  });

  it("takes the place of all that was stored where the answer has everything", async () => {
    machine.stored = { ...machine.signedIn(4000), scope: "old", id_token: "old" };
    const fresh = byPeer({ scope: "new", id_token: "new" });
    await machine.get({}, { refresh: async () => ({ outcome: "refreshed", tokens: fresh }) });
    expect(machine.stored).toEqual(fresh);
  });

  it("does not inherit the expiry of the token before it", async () => {
    machine.signedIn(4000);
    const { expires_at: _none, ...opaque } = byPeer();
    const got = await machine.get({}, { refresh: async () => ({ outcome: "refreshed", tokens: opaque }) });
    expect(got).not.toHaveProperty("expires_at");
  });

  it("is handed out although it lives shorter than the caller asked for: there is no newer one", async () => {
    machine.signedIn(1801);
    expect((await machine.get({ min_validity: 7200 })).access_token).toBe("access-2");
    expect(machine.provider.requests).toBe(1);
  });
});

describe("when the refresh fails for a while", () => {
  it("a token that still works is handed out, with a warning, and nothing is changed", async () => {
    const tokens = machine.signedIn(3400);
    machine.provider.faults.push(unreachable());
    expect(await machine.get()).toBe(tokens);
    expect(machine.warnings).toEqual([
      "could not refresh, handing out the stored token: the provider cannot be reached",
    ]);
    expect(machine.stored).toBe(tokens);
    expect(machine.deeds).not.toContain("write");
  });

  it("a token with less validity than asked for is not, and the caller hears of the failure", async () => {
    const tokens = machine.signedIn(3400);
    machine.provider.faults.push(unreachable());
    await expect(machine.get({ min_validity: 300 })).rejects.toMatchObject({ kind: "temporary" });
    expect(machine.stored).toBe(tokens);
  });

  it("an expired token is not handed out, and the session outlives the trouble", async () => {
    const tokens = machine.signedIn(4000);
    machine.provider.faults.push(unreachable());
    await expect(machine.get()).rejects.toMatchObject({ kind: "temporary" });
    expect(machine.stored).toBe(tokens);
    expect(machine.holders).toBe(0);
    expect((await machine.get()).access_token).toBe("access-2");
  });

  it("no sign-in is started, though it may be: it would need the same provider", async () => {
    machine.signedIn(4000);
    machine.provider.faults.push(unreachable());
    const signIn = vi.fn(async () => byPeer());
    await expect(machine.get({}, { signIn })).rejects.toMatchObject({ kind: "temporary" });
    expect(signIn).not.toHaveBeenCalled();
  });

  it.each(["refused", "configuration", "sign_in_needed"] as const)(
    "a token that still works covers a refresh that is %s, too",
    async (kind) => {
      const tokens = machine.signedIn(3400);
      machine.provider.faults.push(new OidcTokenError(kind, "no", "mend it"));
      expect(await machine.get()).toBe(tokens);
      expect(machine.warnings).toHaveLength(1);
    },
  );

  it("a defect is not covered up by a token that still works", async () => {
    machine.signedIn(3400);
    const refresh = () => Promise.reject(new TypeError("undefined is not a function"));
    await expect(machine.get({}, { refresh })).rejects.toThrow(TypeError);
    expect(machine.holders).toBe(0);
  });
});

describe("when the provider has ended the session", () => {
  beforeEach(() => {
    machine.signedIn(4000);
    machine.provider.session = "ended";
  });

  it("only the refresh token is forgotten, and the error says why a sign-in is needed", async () => {
    const before = machine.stored;
    await expect(machine.get()).rejects.toMatchObject({ kind: "sign_in_needed", message: "invalid_grant" });
    const { refresh_token: _ended, ...rest } = before as TokenSet;
    expect(machine.stored).toEqual(rest);
    expect(machine.holders).toBe(0);
  });

  it("the next caller does not bother the provider with the dead refresh token", async () => {
    await expect(machine.get()).rejects.toMatchObject({ kind: "sign_in_needed" });
    await expect(machine.get()).rejects.toMatchObject({ kind: "sign_in_needed" });
    expect(machine.provider.requests).toBe(1);
  });

  it("a sign-in is started where it may be, with the lock given back for it", async () => {
    const fresh = byPeer();
    const signIn = vi.fn(async () => {
      expect(machine.holders).toBe(0);
      return fresh;
    });
    expect(await machine.get({}, { signIn })).toBe(fresh);
    expect(signIn).toHaveBeenCalledOnce();
  });

  it("a token that still works is handed out all the same, once with a warning", async () => {
    machine.clock.time = START + 3400;
    const first = await machine.get();
    expect(first.access_token).toBe("access-1");
    expect(machine.warnings).toEqual([
      "the stored token still works, but the session has ended: invalid_grant",
    ]);
    expect(await machine.get()).toMatchObject({ access_token: "access-1" });
    expect(machine.warnings).toHaveLength(1);
  });

  /** What a peer outside the lock does while the provider considers our request. */
  const meanwhile = (change: () => void) => ({
    refresh: async (refresh_token: string) => {
      const outcome = await machine.provider.refresh(refresh_token);
      change();
      return outcome;
    },
  });

  it("a peer's newer token is adopted and left as it is", async () => {
    const peer = byPeer();
    const ports = meanwhile(() => {
      machine.stored = peer;
    });
    expect(await machine.get({}, ports)).toBe(peer);
    expect(machine.stored).toBe(peer);
    expect(machine.deeds).not.toContain("write");
  });

  it("a peer's newer token is adopted where the refresh token stayed the same, and not written over", async () => {
    const peer = byPeer({ refresh_token: "refresh-1" });
    const ports = meanwhile(() => {
      machine.stored = peer;
    });
    expect(await machine.get({}, ports)).toBe(peer);
    expect(machine.stored).toBe(peer);
  });

  it("a peer's newer refresh token is used where its access token has expired again", async () => {
    const used: string[] = [];
    const fresh = byPeer({ access_token: "access-fresh" });
    const got = await machine.get(
      {},
      {
        refresh: async (refresh_token) => {
          used.push(refresh_token);
          machine.stored = byPeer({ expires_at: machine.clock.time - 1 });
          return refresh_token === "refresh-of-peer"
            ? { outcome: "refreshed", tokens: fresh }
            : { outcome: "session_ended", reason: "invalid_grant" };
        },
      },
    );
    expect(got).toEqual(fresh);
    expect(used).toEqual(["refresh-1", "refresh-of-peer"]);
  });

  it("a peer's token that a server has just refused is not adopted", async () => {
    const peer = byPeer({ refresh_token: "refresh-1" });
    const ports = meanwhile(() => {
      machine.stored = peer;
    });
    const rejected_sha256 = sha256(peer.access_token);
    await expect(machine.get({ rejected_sha256 }, ports)).rejects.toMatchObject({ kind: "sign_in_needed" });
  });

  it("a sign-out in between is not undone by writing back what was signed out of", async () => {
    const ports = meanwhile(() => {
      machine.stored = undefined;
    });
    await expect(machine.get({}, ports)).rejects.toMatchObject({ kind: "sign_in_needed" });
    expect(machine.stored).toBeUndefined();
  });

  it("a token that needs no person is issued where the profile has a flow for it", async () => {
    const issued = byPeer();
    expect(await machine.get({}, { issue: async () => issued })).toBe(issued);
    expect(machine.stored).toBe(issued);
  });
});

describe("when nothing is stored", () => {
  it("the caller is told to sign in, at once and without a request", async () => {
    await expect(machine.get()).rejects.toMatchObject({ kind: "sign_in_needed", message: "not signed in" });
    expect(machine.clock.time).toBe(START);
    expect(machine.provider.requests).toBe(0);
    expect(machine.holders).toBe(0);
  });

  it("a sign-in is started where it may be", async () => {
    const fresh = byPeer();
    expect(await machine.get({}, { signIn: async () => fresh })).toBe(fresh);
  });

  it("an expired token without a refresh token is the same as nothing, and stays in the store", async () => {
    const { refresh_token: _none, ...tokens } = machine.signedIn(4000);
    machine.stored = tokens;
    await expect(machine.get()).rejects.toMatchObject({ kind: "sign_in_needed" });
    expect(machine.stored).toBe(tokens);
  });
});

describe("a flow that needs no person", () => {
  const issue = async () => machine.provider.signIn();

  it("has its first token issued, stored, then handed out, and never signs in", async () => {
    const signIn = vi.fn(async () => byPeer());
    const got = await machine.get({}, { issue, signIn });
    expect(machine.stored).toBe(got);
    expect(machine.deeds).toEqual(["read", "lock", "read", "write", "release"]);
    expect(signIn).not.toHaveBeenCalled();
  });

  it("has the next one issued when it is due", async () => {
    const { refresh_token: _none, ...tokens } = machine.signedIn(3400);
    machine.stored = tokens;
    expect((await machine.get({}, { issue })).access_token).toBe("access-2");
  });

  it("is served from the store until then", async () => {
    const { refresh_token: _none, ...tokens } = machine.signedIn(100);
    machine.stored = tokens;
    expect(await machine.get({}, { issue })).toBe(tokens);
    expect(machine.deeds).toEqual(["read"]);
  });

  it("hands out what still works, with a warning, when no new one can be had", async () => {
    const { refresh_token: _none, ...tokens } = machine.signedIn(3400);
    machine.stored = tokens;
    expect(await machine.get({}, { issue: () => Promise.reject(unreachable()) })).toBe(tokens);
    expect(machine.warnings).toHaveLength(1);
  });

  it("costs one request for fifty callers at once", async () => {
    let requests = 0;
    const slowly = async () => {
      requests += 1;
      await machine.clock.sleep(300);
      return issue();
    };
    const all = Array.from({ length: 50 }, () => machine.start({}, { issue: slowly }));
    const tokens = new Set((await machine.clock.run(Promise.all(all))).map((one) => one.access_token));
    expect(requests).toBe(1);
    expect(tokens.size).toBe(1);
  });
});

describe("a token that a server has refused", () => {
  it("is refreshed once for many refusals at the same moment", async () => {
    const rejected_sha256 = sha256(machine.signedIn(100).access_token);
    const all = Array.from({ length: 50 }, () => machine.start({ rejected_sha256 }));
    const tokens = await machine.clock.run(Promise.all(all));
    expect(new Set(tokens.map((one) => one.access_token))).toEqual(new Set(["access-2"]));
    expect(machine.provider.requests).toBe(1);
  });

  it("is not refreshed where another one is stored by now: that one is handed out", async () => {
    const tokens = machine.signedIn(100);
    expect(await machine.get({ rejected_sha256: sha256("access-0") })).toBe(tokens);
    expect(machine.deeds).toEqual(["read"]);
  });

  it("is recognised by a digest in capital letters", async () => {
    const { access_token } = machine.signedIn(100);
    const got = await machine.get({ rejected_sha256: sha256(access_token).toUpperCase() });
    expect(got.access_token).toBe("access-2");
  });

  it("is never handed out again, not even where the refresh fails", async () => {
    const tokens = machine.signedIn(100);
    machine.provider.faults.push(unreachable());
    const request = { rejected_sha256: sha256(tokens.access_token) };
    await expect(machine.get(request)).rejects.toMatchObject({ kind: "temporary" });
    expect(machine.stored).toBe(tokens);
  });

  it("needs a sign-in where it cannot be refreshed, expiry or not", async () => {
    const { refresh_token: _r, expires_at: _e, ...tokens } = machine.signedIn(100);
    machine.stored = tokens;
    const request = { rejected_sha256: sha256(tokens.access_token) };
    await expect(machine.get(request)).rejects.toMatchObject({ kind: "sign_in_needed" });
  });
});

describe("a forced refresh", () => {
  it("refreshes a token that is as good as new", async () => {
    machine.signedIn(1);
    expect((await machine.get({ force_refresh: true })).access_token).toBe("access-2");
  });

  it("refreshes one more time for the one who comes later", async () => {
    machine.signedIn(1);
    await machine.get({ force_refresh: true });
    expect((await machine.get({ force_refresh: true })).access_token).toBe("access-3");
  });

  it("costs one request for fifty callers at the same moment, within one second", async () => {
    machine.signedIn(1.5);
    const all = Array.from({ length: 50 }, () => machine.start({ force_refresh: true }));
    await machine.clock.run(Promise.all(all));
    expect(machine.provider.requests).toBe(1);
  });

  it("fails where the provider cannot be reached, valid token or not", async () => {
    const tokens = machine.signedIn(1);
    machine.provider.faults.push(unreachable());
    await expect(machine.get({ force_refresh: true })).rejects.toMatchObject({ kind: "temporary" });
    expect(machine.stored).toBe(tokens);
  });

  it("is not taken for done by a token from the future, which only says that a clock was wrong", async () => {
    machine.signedIn(1);
    machine.clock.time -= 86_400;
    const got = await machine.get({ force_refresh: true });
    expect(got.access_token).toBe("access-2");
  });
});

describe("the lock", () => {
  it("that nobody gives up ends the wait at the time set, and says what was waited for", async () => {
    machine.signedIn(4000);
    machine.holders = 1;
    await expect(machine.get({ lock_timeout: 10 })).rejects.toMatchObject({
      kind: "temporary",
      message: "another oidc-token has been refreshing this token for 10 s",
    });
    expect(machine.clock.time - START - 4000).toBeGreaterThanOrEqual(10);
    expect(machine.clock.time - START - 4000).toBeLessThan(11);
    expect(machine.provider.requests).toBe(0);
  });

  it("ends the wait although the clock is set back meanwhile", async () => {
    machine.signedIn(4000);
    machine.holders = 1;
    let looks = 0;
    const tryLock = async () => {
      looks += 1;
      machine.clock.time -= 3600;
      expect(looks).toBeLessThan(1000);
      return undefined;
    };
    machine.stored = { ...(machine.stored as TokenSet), expires_at: 1 };
    await expect(machine.get({ lock_timeout: 10 }, { tryLock })).rejects.toMatchObject({ kind: "temporary" });
  });

  it("is tried for again often enough to be there soon, and rarely enough not to burn the processor", async () => {
    machine.signedIn(4000);
    machine.holders = 1;
    await expect(machine.get({ lock_timeout: 60 })).rejects.toMatchObject({ kind: "temporary" });
    const tries = machine.deeds.filter((deed) => deed === "lock").length;
    expect(tries).toBeGreaterThan(60 / 0.4);
    expect(tries).toBeLessThan(60 / 0.1);
  });

  it.each([
    ["the second read", { read: "second" }],
    ["the refresh", { refresh: true }],
    ["the write", { write: true }],
  ])("is given up when %s fails", async (_what, failing) => {
    machine.signedIn(4000);
    const broken = new OidcTokenError("temporary", "out of order", "try again");
    let reads = 0;
    const fail = () => Promise.reject(broken);
    const got = machine.get(
      {},
      {
        ...("refresh" in failing && { refresh: fail }),
        ...("write" in failing && { write: fail }),
        ...("read" in failing && {
          read: async () => {
            reads += 1;
            if (reads > 1) throw broken;
            return machine.stored;
          },
        }),
      },
    );
    await expect(got).rejects.toBe(broken);
    expect(machine.holders).toBe(0);
    expect(machine.deeds).toContain("release");
  });

  it("that cannot be taken at all is told, not worked around", async () => {
    machine.signedIn(4000);
    const denied = new OidcTokenError("store", "cannot write /run/user/1000/oidc-token", "make it writable");
    await expect(machine.get({}, { tryLock: () => Promise.reject(denied) })).rejects.toBe(denied);
    expect(machine.provider.requests).toBe(0);
  });
});

describe("a store that fails to keep what was refreshed", () => {
  it("is told even though the old token still works: the refresh token it holds may be used up", async () => {
    machine.signedIn(3400);
    const full = new OidcTokenError("store", "the disk is full", "make room");
    await expect(machine.get({}, { write: () => Promise.reject(full) })).rejects.toThrow(
      "lost: the disk is full",
    );
    expect(machine.warnings).toEqual([]);
  });

  it("loses nothing where the provider does not rotate, and is told in its own words", async () => {
    machine.provider.rotates = false;
    machine.signedIn(4000);
    const full = new OidcTokenError("store", "the disk is full", "make room");
    await expect(machine.get({}, { write: () => Promise.reject(full) })).rejects.toBe(full);
  });

  it("is found out before the refresh token is spent, and a token that still works stands in", async () => {
    const full = new OidcTokenError("store", "the disk is full", "make room");
    const reserve = () => Promise.reject(full);
    const works = machine.signedIn(3400);
    expect(await machine.get({}, { reserve })).toBe(works);
    expect(machine.warnings).toEqual(["could not refresh, handing out the stored token: the disk is full"]);
    machine.signedIn(4000);
    await expect(machine.get({}, { reserve })).rejects.toBe(full);
    expect(machine.provider.requests).toBe(0);
  });

  it("gives its room back, however the refresh ends", async () => {
    machine.signedIn(4000);
    let held = 0;
    const reserve = async () => {
      held += 1;
      return async () => {
        held -= 1;
      };
    };
    machine.provider.faults.push(new OidcTokenError("temporary", "no network", "try again"));
    await expect(machine.get({}, { reserve })).rejects.toThrow("no network");
    await machine.get({}, { reserve });
    expect(held).toBe(0);
  });
});

describe("Ctrl-C", () => {
  it("while waiting for a peer ends the wait, with nothing changed", async () => {
    const tokens = machine.signedIn(4000);
    machine.holders = 1;
    const aborted = new DOMException("The operation was aborted", "AbortError");
    let naps = 0;
    const sleep = (ms: number) => {
      naps += 1;
      return naps < 3 ? machine.clock.sleep(ms) : Promise.reject(aborted);
    };
    await expect(machine.get({}, { sleep })).rejects.toBe(aborted);
    expect(machine.holders).toBe(1);
    expect(machine.stored).toBe(tokens);
  });

  it("during a refresh is an interruption and never a token, though the stored one still works", async () => {
    machine.signedIn(3400);
    machine.provider.faults.push(new OidcTokenError("interrupted", "interrupted", "run it again"));
    await expect(machine.get()).rejects.toMatchObject({ kind: "interrupted" });
    expect(machine.holders).toBe(0);
    expect(machine.warnings).toEqual([]);
  });
});

describe("many callers at once", () => {
  it("fifty of them over twenty expiries cost twenty refreshes, and every token is accepted", async () => {
    const random = seeded(1);
    vi.spyOn(Math, "random").mockImplementation(random);
    machine.signedIn(0);
    for (let expiry = 1; expiry <= 20; expiry += 1) {
      machine.clock.time = (machine.stored?.expires_at ?? 0) + random();
      const all = Array.from({ length: 50 }, async () => {
        await machine.clock.sleep(random() * 500);
        const { access_token } = await machine.start();
        return machine.provider.accepts(access_token);
      });
      expect(await machine.clock.run(Promise.all(all))).not.toContain(false);
      expect(machine.provider.requests).toBe(expiry);
      expect(machine.holders).toBe(0);
    }
    expect(machine.provider.session).toBe("alive");
  });

  it("a hung provider keeps none of them from a token that still works", async () => {
    machine.signedIn(3400);
    machine.provider.latency = 30_000;
    machine.provider.faults.push(...Array.from({ length: 100 }, unreachable));
    const all = Array.from({ length: 20 }, () => machine.start());
    const tokens = await machine.clock.run(Promise.all(all));
    expect(new Set(tokens.map((one) => one.access_token))).toEqual(new Set(["access-1"]));
    expect(machine.clock.time).toBeLessThan(START + 3400 + 16);
    expect(machine.provider.requests).toBe(1);
  });

  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    "whatever the order of events (seed %i), no refresh token is used twice and no dead token handed out",
    async (seed) => {
      const random = seeded(seed);
      vi.spyOn(Math, "random").mockImplementation(random);
      const pause = () => machine.clock.sleep(random() * 40);
      machine.provider.lifetime = 60 + Math.floor(random() * 600);
      machine.provider.latency = random() * 3000;
      machine.provider.rotates = seed % 4 !== 0;
      machine.signedIn(0);
      const base = machine.ports();
      // Every step takes a moment of its own, so that callers overtake each other everywhere.
      const slow = {
        read: async () => {
          await pause();
          const seen = await base.read();
          await pause();
          return seen;
        },
        write: async (tokens: TokenSet) => {
          await pause();
          await base.write(tokens);
          await pause();
        },
        tryLock: async () => {
          await pause();
          const release = machine.takeLock();
          await pause();
          return release;
        },
      };
      const outcomes: string[] = [];
      const caller = async () => {
        await machine.clock.sleep(random() * 2_000_000);
        for (let call = 0; call < 4; call += 1) {
          if (random() < 0.1) machine.provider.faults.push(unreachable());
          const forced = random() < 0.1;
          const refused = random() < 0.2 ? machine.stored?.access_token : undefined;
          try {
            const { access_token } = await machine.start(
              { force_refresh: forced, rejected_sha256: refused && sha256(refused) },
              slow,
            );
            expect(machine.provider.accepts(access_token)).toBe(true);
            expect(access_token).not.toBe(refused);
            outcomes.push("token");
          } catch (error) {
            expect(error).toMatchObject({ kind: "temporary" });
            outcomes.push("temporary");
          }
          expect(machine.holders).toBeLessThanOrEqual(1);
          await machine.clock.sleep(random() * 400_000);
        }
      };
      await machine.clock.run(Promise.all(Array.from({ length: 12 }, caller)));
      expect(machine.provider.session).toBe("alive");
      expect(machine.holders).toBe(0);
      expect(outcomes).toHaveLength(48);
      expect(outcomes.filter((outcome) => outcome === "token").length).toBeGreaterThan(24);
    },
  );
});
