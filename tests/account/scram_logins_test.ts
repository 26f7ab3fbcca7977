import type { Account } from "../../mod/account/account.ts";
import { hashAppPassword } from "../../mod/account/app_password.ts";
import { ScramLogins } from "../../mod/account/scram_logins.ts";
import { makeScram, scramSalt } from "../../mod/account/stored_scram.ts";
import { SCRAM_ITERATIONS } from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const SECRET = new Uint8Array(32).fill(9);
const salt = scramSalt(SECRET, "ann@x.test");
const APP = hashAppPassword("abcd-efgh", new SeededRandom());
const rest = { disabled: false, quota: null, created: "2026-01-01T00:00:00Z" };
const KEYS = await makeScram("secret", "$scrypt$ann", salt);
const APP_KEYS = await makeScram("abcd-efgh", APP, salt);
const ANN: Account = {
  ...rest,
  id: "ann@x.test",
  password: "$scrypt$ann",
  scram: KEYS,
  appPasswords: [{ name: "phone", hash: APP, scram: APP_KEYS, created: rest.created }],
};
const OLD: Account = { ...rest, id: "old@x.test", password: "{PLAIN}x", appPasswords: [] };

function make(...accounts: Account[]) {
  const counted: string[] = [];
  const logins = new ScramLogins(new Map(accounts.map((a) => [a.id, a])), SECRET, {
    plusOffered: () => true,
    accountOf: (login) => login.includes("@") ? login : `${login}@x.test`,
    mustWait: (id) => id === "slow@x.test",
    count: (id, remote, proved) => void counted.push(`${id} ${remote} ${proved}`),
  });
  const find = (login: string) => {
    const found = logins.find(login, "SHA-256", "192.0.2.1");
    assert(found.kind === "found");
    return found;
  };
  return { logins, counted, find };
}

Deno.test("ScramLogins finds the keys of the password and of every app password, under one salt", () => {
  const { find, logins } = make(ANN);
  const found = find("ann");
  assertEquals([found.account, found.secrets.keys.length], ["ann@x.test", 2]);
  assertEquals([...found.secrets.salt], [...salt]);
  assertEquals(logins.find("slow", "SHA-256", "192.0.2.1"), { kind: "throttled" });
});

Deno.test("ScramLogins shows names that nobody has, or that cannot log in, like any other", () => {
  const { find } = make(ANN, OLD, { ...ANN, id: "off@x.test", disabled: true });
  for (const name of ["nobody", "old", "off"]) {
    const { account, secrets } = find(name);
    assertEquals([account, secrets.keys.length, secrets.iterations], [null, 0, SCRAM_ITERATIONS], name);
    assertEquals([...secrets.salt], [...scramSalt(SECRET, `${name}@x.test`)], name);
    assertEquals([...secrets.salt], [...find(name).secrets.salt], "the same each time");
  }
  assertEquals(find("ann").secrets.iterations, find("nobody").secrets.iterations);
});

Deno.test("ScramLogins does not use keys of a password that was changed by other means", () => {
  assertEquals(make({ ...ANN, password: "$scrypt$new", appPasswords: [] }).find("ann").account, null);
});

Deno.test("ScramLogins is offered when everybody who can log in has keys", () => {
  const app = { ...ANN, appPasswords: ANN.appPasswords.map(({ scram: _, ...a }) => a) };
  const table: [string, Account[], boolean][] = [
    ["nobody", [], true],
    ["all", [ANN], true],
    ["an imported hash", [ANN, OLD], false],
    ["but disabled", [ANN, { ...OLD, disabled: true }], true],
    ["an app password without", [app], false],
  ];
  for (const [name, accounts, offered] of table) {
    assertEquals(make(...accounts).logins.offered, offered, name);
  }
  const { logins } = make(OLD);
  logins.swap(new Map([[ANN.id, ANN]]));
  assert(logins.offered);
});

Deno.test("ScramLogins tells the back-off, and lets nobody in who is gone by now", () => {
  const { logins, counted } = make(ANN);
  assert(logins.settle("ann", "ann@x.test", true, "192.0.2.1"));
  assert(!logins.settle("ann", "ann@x.test", false, "192.0.2.1"));
  assert(!logins.settle("nobody", null, true, "192.0.2.1"));
  logins.swap(new Map());
  assert(!logins.settle("ann", "ann@x.test", true, "192.0.2.1"));
  assertEquals(counted, [
    "ann@x.test 192.0.2.1 true",
    "ann@x.test 192.0.2.1 false",
    "nobody@x.test 192.0.2.1 false",
    "ann@x.test 192.0.2.1 false",
  ]);
});

Deno.test("ScramLogins makes the keys that are missing, once, and those only", async () => {
  const bare = { ...ANN, appPasswords: ANN.appPasswords.map(({ scram: _, ...a }) => a) };
  const { logins } = make(bare, OLD);
  assertEquals(await logins.missingKeys(bare, "$scrypt$ann", "secret"), null);
  const both = await Promise.all([1, 2].map(() => logins.missingKeys(bare, APP, "ABCDEFGH")));
  assertEquals(both, [APP_KEYS, null], "as the app password was shown, however it was typed");
  assertEquals(await logins.missingKeys(OLD, "$scrypt$else", "x"), null);
});
