import { AcmeClient } from "../../mod/tls/acme_client.ts";
import { ACME_ORDER, ACME_REQUESTS } from "../../mod/base/limits.ts";
import type { ChallengeWay } from "../../mod/tls/acme_types.ts";
import { ChallengeTokens } from "../../mod/tls/challenge_tokens.ts";
import { EcKey } from "../../mod/tls/ec_key.ts";
import { AcmeDirectory } from "../support/acme_directory.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";

const KEY = await EcKey.generate();
const NAMES = ["a.test", "b.test"];

function bench(account: string | null = null, ways: readonly ChallengeWay[] = ["http-01"]) {
  const clock = new FakeClock();
  const directory = new AcmeDirectory();
  const board = new ChallengeTokens();
  const stop = new AbortController();
  const external = { kid: "them", key: "c2VjcmV0LXNlY3JldA" };
  const ports = { http: directory, clock, board, ways, external, signal: stop.signal };
  return { clock, directory, board, stop, client: new AcmeClient(ports, directory.directory, KEY, account) };
}

/** Lets time pass until `work` is done. */
async function inTime<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let done = false;
  const ended = work.finally(() => done = true);
  for (let i = 0; i < 5000 && !done; i++) {
    await clock.advance(1000);
    // Signing is work of other threads.
    await new Promise((r) => queueMicrotask(() => r(null)));
    if (!done) await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  }
  return await ended;
}

Deno.test("AcmeClient proves names one after the other and brings the chain", async () => {
  const { client, clock, directory, board } = bench();
  directory.patience = 3;
  const account = await client.signIn("you@a.test");
  assertEquals(account, { ok: true, value: "https://acme.test/accounts/1" });
  const open: (string | null)[] = [];
  directory.lies.set("/challenge/0", () => {
    open.push(board.find("token-of-enough-letters-0"));
    directory.lies.delete("/challenge/0");
    return null;
  });
  const issued = await inTime(clock, client.issue(NAMES, new Uint8Array([1])));
  assertEquals(issued, { ok: true, value: "chain of a.test,b.test" });
  assert(open[0]?.startsWith("token-of-enough-letters-0."));
  assertEquals(board.find("token-of-enough-letters-0"), null);
});

Deno.test("AcmeClient proves names by TLS where that comes first and is offered", async () => {
  const { client, clock, directory, board } = bench(null, ["tls-alpn-01", "http-01"]);
  directory.ways = ["http-01", "tls-alpn-01"];
  await client.signIn("you@a.test");
  let shown: Uint8Array | undefined;
  directory.lies.set("/challenge/1/tls-alpn-01", () => {
    shown ??= board.findTls("b.test")?.certificate;
    assertEquals(board.findTls("a.test"), null);
    return null;
  });
  assertEquals((await inTime(clock, client.issue(NAMES, new Uint8Array([1])))).ok, true);
  assertEquals(shown?.[0], 0x30);
  assertEquals(board.findTls("b.test"), null);
  const other = bench(null, ["tls-alpn-01"]);
  const issued = await inTime(other.clock, other.client.issue(NAMES, new Uint8Array([1])));
  assert(!issued.ok && issued.error.why.includes("a.test: the authority offers no tls-alpn-01"));
});

Deno.test("AcmeClient binds a new account to the one elsewhere", async () => {
  const { client, directory } = bench();
  await client.signIn("you@a.test");
  const binding = directory.accounts[0]?.["externalAccountBinding"];
  assert(typeof binding === "object" && binding !== null && "signature" in binding, JSON.stringify(binding));
});

Deno.test("AcmeClient asks nothing more of an authority whose clock is another", async () => {
  for (const [days, good] of [[0.9, true], [-0.9, true], [365, false], [-365, false]] as const) {
    const { client, clock, directory } = bench();
    const json = {
      newNonce: "https://acme.test/nonce",
      newAccount: "https://acme.test/account",
      newOrder: "https://acme.test/new",
    };
    const date = new Date(clock.now() + days * 86_400_000).toUTCString();
    directory.lies.set("/dir", { json, headers: { date } });
    const account = await client.signIn("you@a.test");
    assertEquals([account.ok, directory.asked.length > 1], [good, good], `${days}`);
    if (!account.ok) {
      assert(/^the clock says 2026-01-02T03:04, the authority 202[57]-/.test(account.error.why));
    }
  }
});

Deno.test("AcmeClient tells all names that cannot be proved, and why, in one line", async () => {
  const { client, clock, directory, board } = bench("https://acme.test/accounts/1");
  directory.unproved.add("a.test").add("b.test");
  const issued = await inTime(clock, client.issue(["x.test", ...NAMES], new Uint8Array([1])));
  assert(!issued.ok);
  assertEquals(issued.error.names, NAMES);
  assertEquals(issued.error.why, "a.test: dns, no such name; b.test: dns, no such name");
  assertEquals(board.find("token-of-enough-letters-1"), null);
});

Deno.test("AcmeClient uses another nonce where one is bad, but not for ever", async () => {
  const bad = {
    status: 400,
    json: { type: "urn:ietf:params:acme:error:badNonce" },
    type: "application/problem+json",
  };
  for (const [times, good] of [[3, true], [1e9, false]] as const) {
    const { client, directory } = bench();
    let n = 0;
    directory.lies.set("/account", () => n++ < times ? bad : null);
    const account = await client.signIn("you@a.test");
    assertEquals(account.ok, good);
    assert(directory.asked.length < 20);
  }
});

Deno.test("AcmeClient hears how long to wait, in seconds or as a date, and that it has no account", async () => {
  for (
    const [value, wait] of [["120", 120_000], ["Fri, 02 Jan 2026 03:05:05 GMT", 60_000], ["soon", null], [
      "-5",
      null,
    ], [
      "999999999",
      7 * 86_400_000,
    ]] as const
  ) {
    const { client, directory } = bench();
    directory.lies.set("/account", {
      status: 429,
      headers: { "retry-after": value },
      json: { type: "urn:ietf:params:acme:error:rateLimited", detail: "too\u0007many" },
    });
    const account = await client.signIn("you@a.test");
    assert(!account.ok);
    assertEquals(account.error.wait, wait, value);
    assertEquals(account.error.why, "acme.test replied 429: rateLimited, too many");
  }
  const { client, directory } = bench("https://acme.test/accounts/0");
  directory.lies.set("/new", {
    status: 400,
    json: { type: "urn:ietf:params:acme:error:accountDoesNotExist" },
  });
  const issued = await client.issue(NAMES, new Uint8Array());
  assert(!issued.ok && issued.error.noAccount);
});

const URLS = {
  newNonce: "https://acme.test/nonce",
  newAccount: "https://acme.test/account",
  newOrder: "https://acme.test/new",
};
const TOO_MANY = Array.from({ length: 9 }, (_, i) => `https://acme.test/authz/${i}`);
const LIES:
  readonly (readonly [string, string, Parameters<Map<string, never>["set"]>[1] | object | "down"])[] = [
    ["is down", "/dir", "down"],
    ["is a web page", "/dir", { text: "<html>", type: "text/html" }],
    ["is broken JSON", "/dir", { text: "{" }],
    ["is null", "/dir", { json: null }],
    ["is a list", "/dir", { json: [] }],
    ["names http:", "/dir", { json: { ...URLS, newOrder: "http://acme.test/new" } }],
    ["names a file", "/dir", { json: { ...URLS, newOrder: "file:///etc/passwd" } }],
    ["fails", "/dir", { status: 500, text: "x".repeat(10_000), type: "text/plain" }],
    ["redirects", "/dir", { status: 302, headers: { location: "https://evil.test/" } }],
    ["gives no order", "/new", { status: 201, json: { status: "pending" } }],
    ["wants too many proofs", "/new", {
      headers: { location: "https://acme.test/order" },
      json: { authorizations: TOO_MANY },
    }],
    ["wants no proof", "/new", {
      headers: { location: "https://acme.test/order" },
      json: { authorizations: [] },
    }],
    ["has a token that is a path", "/authz/0", {
      json: {
        status: "pending",
        challenges: [{
          type: "http-01",
          token: "../../../../../../../etc/passwd",
          url: "https://acme.test/c",
        }],
      },
    }],
    ["wants a proof of another name", "/authz/1", {
      json: { status: "valid", identifier: { type: "dns", value: "bank.test" } },
    }],
    ["is deeper than anything", "/dir", { text: "[".repeat(60_000) }],
    ["wants a proof for nothing", "/authz/0", { json: { status: "valid" } }],
    ["offers DNS only", "/authz/0", { json: { status: "pending", challenges: [{ type: "dns-01" }] } }],
    ["has odd challenges", "/authz/0", { json: { status: "pending", challenges: [null, 7, "x", []] } }],
    ["is pending for ever", "/authz/0", {
      json: {
        status: "pending",
        challenges: [{ type: "http-01", token: "t".repeat(43), url: "https://acme.test/c" }],
      },
    }],
    ["is under way for ever", "/finalize", { json: { status: "processing" } }],
    ["has no certificate", "/finalize", { json: { status: "valid" } }],
    ["refuses the request", "/finalize", { status: 403, json: { type: 7, detail: {} } }],
  ];

Deno.test("AcmeClient comes to an end with whatever a directory says", async () => {
  for (const [what, path, lie] of LIES) {
    const { client, clock, directory, board } = bench();
    directory.lies.set(path, lie as never);
    const start = clock.now();
    const work = (async () => {
      const account = await client.signIn("you@a.test");
      return account.ok ? await client.issue(NAMES, new Uint8Array([1])) : account;
    })();
    const issued = await inTime(clock, work);
    assert(!issued.ok, what);
    assert(
      issued.error.why.length <= 500 && !/[\r\n]/.test(issued.error.why),
      `${what}: ${issued.error.why}`,
    );
    assert(directory.asked.length <= ACME_REQUESTS && clock.now() - start <= ACME_ORDER + 60_000, what);
    assertEquals(board.find("t".repeat(43)), null, what);
  }
});

Deno.test("AcmeClient stops with the server", async () => {
  const { client, stop, directory } = bench();
  stop.abort();
  assertEquals((await client.signIn("you@a.test")).ok, false);
  assertEquals(directory.asked, []);
});

Deno.test("AcmeClient revokes, where the directory does", async () => {
  const { client, directory } = bench("https://acme.test/accounts/1");
  assertEquals((await client.revoke(new Uint8Array([1, 2, 3]), 4)).ok, true);
  assertEquals(directory.revoked, ["AQID"]);
  const other = bench("https://acme.test/accounts/1");
  other.directory.lies.set("/dir", { json: URLS });
  assertEquals((await other.client.revoke(new Uint8Array([1]), 4)).ok, false);
});
