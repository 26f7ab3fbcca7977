import type { Account } from "../../mod/account/account.ts";
import { hashAppPassword } from "../../mod/account/app_password.ts";
import { AccountAuthenticator, type LoginPolicy } from "../../mod/account/authenticator.ts";
import { BackOff } from "../../mod/account/back_off.ts";
import { withScram } from "../../mod/account/stored_scram.ts";
import { PasswordHasher } from "../../mod/account/password_hasher.ts";
import { parseNetwork } from "../../mod/base/ip.ts";
import { BACK_OFF_FREE, LOGIN_CACHE_AGE } from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";

/** Counts slow hashes and gives their outcome without computing them: a stored "$scrypt$…" holds the password itself. */
class CountingHasher extends PasswordHasher {
  slow = 0;
  override hash(password: string): Promise<string> {
    this.slow++;
    return Promise.resolve(`$scrypt$ln=15,r=8,p=3$${password}`);
  }
  override verify(password: string, stored: string): Promise<boolean> {
    this.slow++;
    return Promise.resolve(stored.endsWith(`$${password}`) || stored === `{PLAIN}${password}`);
  }
}

const ONE: LoginPolicy = { domains: ["a.test"], trusted: [] };

function make(policy = ONE) {
  const random = new SeededRandom(3);
  const clock = new FakeClock();
  const hasher = new CountingHasher(random, clock);
  const replaced: string[][] = [];
  const rest = { disabled: false, quota: null, created: "2026-01-01T00:00:00Z", appPasswords: [] };
  const accounts = new Map<string, Account>([
    ["alice@a.test", {
      ...rest,
      id: "alice@a.test",
      password: "$scrypt$ln=15,r=8,p=3$right",
      appPasswords: [{
        name: "phone",
        hash: hashAppPassword("abcd-efgh", random),
        created: "2026-01-01T00:00:00Z",
      }],
    }],
    ["off@a.test", { ...rest, id: "off@a.test", password: "$scrypt$ln=15,r=8,p=3$right", disabled: true }],
    ["old@a.test", { ...rest, id: "old@a.test", password: "{PLAIN}right" }],
    ["apponly@a.test", { ...rest, id: "apponly@a.test", password: null }],
  ]);
  const auth: AccountAuthenticator = new AccountAuthenticator(accounts, policy, {
    clock,
    random,
    log: new MemoryLog(),
    hasher,
    backOff: new BackOff(),
    replaceHash: (...args) => Promise.resolve(void replaced.push(args.slice(0, 3).map(String))),
    saltSecret: new Uint8Array(32),
    storeScram(id, hash, scram) {
      const account = accounts.get(id);
      const changed = account && withScram(account, hash, scram);
      if (changed) accounts.set(id, changed);
      auth.swapAccounts(accounts);
      return Promise.resolve();
    },
  });
  const login = async (name: string, password: string, from = "192.0.2.1") =>
    (await auth.password(name, password, from)).kind;
  return { auth, accounts, clock, hasher, replaced, login };
}

Deno.test("AccountAuthenticator takes names with and without domain and every kind of password", async () => {
  const { login, replaced } = make();
  for (const name of ["alice@a.test", "ALICE@A.TEST", "alice"]) {
    assertEquals(await login(name, "right"), "ok", name);
  }
  assertEquals(await login("alice", "ABCDEFGH"), "ok");
  assertEquals(await login("old", "right"), "ok");
  assertEquals(replaced, [["old@a.test", "{PLAIN}right", "$scrypt$ln=15,r=8,p=3$right"]]);
  for (
    const [name, password] of [["alice", "wrong"], ["off", "right"], ["apponly", "x"], ["nobody", "x"], [
      "",
      "",
    ], ["alice", ""]]
  ) {
    assertEquals(await login(name ?? "", password ?? ""), "refused", `${name} ${password}`);
  }
  assertEquals(await login("alice", "x".repeat(5000)), "refused");
});

Deno.test("AccountAuthenticator takes no bare name while there are two domains", async () => {
  const { login } = make({ domains: ["a.test", "b.test"], trusted: [] });
  assertEquals(await login("alice", "right"), "refused");
  assertEquals(await login("alice@a.test", "right"), "ok");
});

Deno.test("AccountAuthenticator computes one slow hash for a wrong password and for a name that is not there", async () => {
  for (
    const [name, password, count] of [
      ["alice", "wrong", 1],
      ["nobody", "wrong", 1],
      ["apponly", "wrong", 1],
      ["off", "right", 1],
    ] as const
  ) {
    const { login, hasher } = make();
    assertEquals(await login(name, password), "refused");
    assertEquals(hasher.slow, count, name);
  }
});

Deno.test("AccountAuthenticator remembers a good password until it changes, is disabled or an hour went by", async () => {
  const { auth, accounts, clock, hasher, login } = make();
  for (let i = 0; i < 5; i++) assertEquals(await login("alice", "right"), "ok");
  assertEquals(hasher.slow, 1);
  await clock.advance(LOGIN_CACHE_AGE + 1);
  assertEquals(await login("alice", "right"), "ok");
  assertEquals(hasher.slow, 2);
  const alice = accounts.get("alice@a.test");
  assert(alice);
  auth.swap(new Map([["alice@a.test", { ...alice, disabled: true }]]), ONE);
  assertEquals(await login("alice", "right"), "refused");
  auth.swap(new Map([["alice@a.test", { ...alice, password: "$scrypt$ln=15,r=8,p=3$new" }]]), ONE);
  assertEquals(await login("alice", "right"), "refused");
  assertEquals(await login("alice", "new"), "ok");
  auth.swap(new Map(), ONE);
  assertEquals(await login("alice", "new"), "refused");
});

Deno.test("AccountAuthenticator computes one hash for all who try the same password at the same time", async () => {
  for (
    const [name, password, kind, count] of [
      ["alice", "right", "ok", 1],
      ["alice", "wrong", "refused", 1],
      ["nobody", "wrong", "refused", 1],
      ["off", "right", "refused", 1],
    ] as const
  ) {
    const { hasher, login } = make();
    assertEquals(await Promise.all([1, 2, 3].map(() => login(name, password))), [kind, kind, kind]);
    assertEquals(hasher.slow, count, name);
    await login(name, password);
    assertEquals(hasher.slow, kind === "ok" ? 1 : 2, "what was refused is not remembered");
  }
  const { hasher, login } = make();
  assertEquals(await Promise.all(["right", "wrong", "right"].map((p) => login("alice", p))), [
    "ok",
    "refused",
    "ok",
  ]);
  assertEquals(hasher.slow, 2);
});

Deno.test("AccountAuthenticator does not let in who tries a password again that was changed while it was checked", async () => {
  const { auth, accounts, hasher, login } = make();
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const verify = hasher.verify.bind(hasher);
  hasher.verify = async (password, stored) => {
    begun.resolve();
    await go.promise;
    return await verify(password, stored);
  };
  const before = login("alice", "right");
  await begun.promise;
  const alice = accounts.get("alice@a.test");
  assert(alice);
  auth.swap(new Map([["alice@a.test", { ...alice, password: "$scrypt$ln=15,r=8,p=3$new" }]]), ONE);
  const after = login("alice", "right");
  go.resolve();
  assertEquals([await before, await after], ["ok", "refused"]);
  assertEquals(await login("alice", "right"), "refused");
});

Deno.test("AccountAuthenticator forgets an app password that was taken away", async () => {
  const { auth, accounts, login } = make();
  assertEquals(await login("alice", "abcd-efgh"), "ok");
  const alice = accounts.get("alice@a.test");
  assert(alice);
  auth.swap(new Map([["alice@a.test", { ...alice, appPasswords: [] }]]), ONE);
  assertEquals(await login("alice", "abcd-efgh"), "refused");
});

Deno.test("AccountAuthenticator makes guessers wait without cost, and neither the owner elsewhere nor a remembered device", async () => {
  const { clock, hasher, login } = make();
  assertEquals(await login("alice", "right"), "ok");
  for (let i = 0; i < BACK_OFF_FREE; i++) assertEquals(await login("alice", `wrong${i}`), "refused");
  const before = hasher.slow;
  assertEquals(await login("alice", "guess"), "throttled");
  assertEquals(await login("alice", "right"), "ok", "the device that has the right password");
  assertEquals(hasher.slow, before);
  assertEquals(await login("alice", "right", "198.51.100.1"), "ok", "the owner elsewhere");
  await clock.advance(60_000);
  assertEquals(await login("alice", "guess"), "refused");
});

Deno.test("AccountAuthenticator never makes a trusted network wait", async () => {
  const home = parseNetwork("192.0.2.0/24");
  assert(home);
  const { login } = make({ domains: ["a.test"], trusted: [home] });
  for (let i = 0; i < BACK_OFF_FREE * 2; i++) assertEquals(await login("alice", "wrong"), "refused");
});

Deno.test("AccountAuthenticator gives SCRAM keys to every password that proves right, and then takes them", async () => {
  const { auth, login } = make();
  const keysOf = (name: string) => {
    const found = auth.scram?.find(name, "SHA-256", "192.0.2.1");
    return found?.kind === "found" ? found.secrets.keys.length : -1;
  };
  assertEquals([keysOf("alice"), keysOf("nobody")], [0, 0]);
  assertEquals(await login("alice", "right"), "ok");
  assertEquals(keysOf("alice"), 1);
  assertEquals(await login("alice", "abcd-efgh"), "ok");
  assertEquals(keysOf("alice"), 2);
  assertEquals(await login("off", "right"), "refused");
  assertEquals(keysOf("off"), 0);
});

Deno.test("AccountAuthenticator counts failed SCRAM logins as failed passwords", async () => {
  const { auth, login } = make();
  for (let i = 0; i < BACK_OFF_FREE; i++) auth.scram?.settle("alice", "alice@a.test", false, "192.0.2.1");
  assertEquals(await login("alice", "right"), "throttled");
  assertEquals(auth.scram?.find("alice", "SHA-256", "192.0.2.1").kind, "throttled");
  assertEquals(auth.scram?.find("alice", "SHA-256", "198.51.100.1").kind, "found");
});

Deno.test("AccountAuthenticator opens accounts by certificate: one, or the one that is named", () => {
  const { auth, accounts } = make();
  const [one, both] = ["11".repeat(32), "22".repeat(32)];
  const give = (id: string, ...certificates: string[]) => {
    const account = accounts.get(id);
    if (account) accounts.set(id, { ...account, certificates });
  };
  assert(!auth.knowsCertificates);
  give("alice@a.test", one, both, one);
  give("old@a.test", both);
  give("off@a.test", "33".repeat(32));
  auth.swapAccounts(accounts);
  assert(auth.knowsCertificates && auth.knowsCertificate(one) && !auth.knowsCertificate("33".repeat(32)));
  const table: [string, string, string | null][] = [
    [one, "", "alice@a.test"],
    [one, "alice", "alice@a.test"],
    [one, "old@a.test", null],
    [both, "", null],
    [both, "old@a.test", "old@a.test"],
    ["33".repeat(32), "", null],
    ["33".repeat(32), "off@a.test", null],
    ["", "", null],
  ];
  for (const [fingerprint, authzid, want] of table) {
    const outcome = auth.certificate(fingerprint, authzid, "192.0.2.1");
    assertEquals(outcome, want === null ? { kind: "refused" } : { kind: "ok", account: want });
  }
  assertEquals([auth.accountNamed("Alice"), auth.accountNamed("off"), auth.accountNamed("x")], [
    "alice@a.test",
    null,
    null,
  ]);
});
