import {
  changeAccounts,
  formatAccounts,
  loadAccounts,
  parseAccounts,
} from "../../mod/account/accounts_file.ts";
import type { Account, Accounts } from "../../mod/account/account.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { err, ok } from "../../mod/base/result.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { everyCrash } from "../support/every_crash.ts";
import { MemFs } from "../support/mem_fs.ts";

const HASH = "$scrypt$ln=14,r=8,p=5$BwcHBwcHBwcHBwcHBwcHBw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const SCRAM = "$scram$i=4096$AAAA$AAAA$AAAA$AAAA$AAAA$AAAA";
const PATH = "/data/accounts.yaml";

const ALICE: Account = {
  id: "alice@example.test",
  password: HASH,
  scram: SCRAM,
  certificates: ["ab".repeat(32)],
  appPasswords: [{
    name: "my phone: x",
    hash: "$app$AAAAAAAAAAAAAAAA$AAAA",
    scram: SCRAM,
    created: "2026-01-01T00:00:00Z",
  }],
  disabled: true,
  quota: 1000,
  created: "2026-01-01T00:00:00Z",
};
const BOB: Account = {
  id: "bob@example.test",
  password: null,
  appPasswords: [],
  disabled: false,
  quota: null,
  created: ALICE.created,
};

Deno.test("parseAccounts() reads what formatAccounts() writes", () => {
  const accounts: Accounts = new Map([[ALICE.id, ALICE], [BOB.id, BOB]]);
  const text = formatAccounts(accounts);
  assert(fromUtf8(text).startsWith("# Accounts of this Roost."));
  const back = parseAccounts(PATH, text);
  assert(back.ok, JSON.stringify(back));
  assertEquals([...back.value], [...accounts]);
});

Deno.test("parseAccounts() names line and column of every fault", () => {
  const cases: [string, string[]][] = [
    ["", ["/data/accounts.yaml:1:1: version: missing"]],
    ["version: 2\naccounts: {}\n", ["/data/accounts.yaml:1:10: version: 2 is not 1, the only version"]],
    ["version: 1\naccounts:\n  Alice@a.test: {}\n", [
      '/data/accounts.yaml:3:3: accounts.Alice@a.test: "Alice@a.test" is not an account\'s address',
    ]],
    ["version: 1\naccounts:\n  a@b.test:\n    password: secret\n    quota: much\n    disable: true\n", [
      '/data/accounts.yaml:4:15: accounts.a@b.test.password: "secret" is not a password hash',
      '/data/accounts.yaml:5:12: accounts.a@b.test.quota: "much" is not a number of octets',
      '/data/accounts.yaml:6:5: accounts.a@b.test.disable: unknown key; did you mean "disabled"?',
    ]],
    ["version: 1\naccounts:\n  a@b.test:\n    scram: $scram$i=1\n    certificates: [ab]\n", [
      '/data/accounts.yaml:4:12: accounts.a@b.test.scram: "$scram$i=1" is not SCRAM keys',
      '/data/accounts.yaml:5:20: accounts.a@b.test.certificates[1]: "ab" is not the SHA-256 of a certificate',
    ]],
    ["version: 1\naccounts: [1\n", ["/data/accounts.yaml:3:1: "]],
    ["version: 1\naccounts:\n  a@b.test: {}\n  a@b.test: {}\n", [
      "/data/accounts.yaml:4:3: this key is there twice",
    ]],
  ];
  for (const [text, starts] of cases) {
    const r = parseAccounts(PATH, utf8(text));
    assert(!r.ok, text);
    assertEquals(r.error.length, starts.length, r.error.join("\n"));
    for (const [i, start] of starts.entries()) {
      assert(r.error[i]?.startsWith(start), `${r.error[i]}\n${start}`);
    }
  }
});

function add(account: Account) {
  return (accounts: Map<string, Account>) => {
    if (accounts.has(account.id)) return err("there already");
    accounts.set(account.id, account);
    return ok(undefined);
  };
}

function folder(clock: FakeClock): MemFs {
  return new MemFs({ clock, dirs: ["/data"] });
}

Deno.test("changeAccounts() makes, changes and leaves alone", async () => {
  const clock = new FakeClock();
  const fs = folder(clock);
  assertEquals(await loadAccounts(fs, PATH), ok(new Map()));
  const first = await changeAccounts(fs, clock, PATH, add(ALICE));
  assert(first.ok && first.value.has(ALICE.id));
  assertEquals(await changeAccounts(fs, clock, PATH, add(ALICE)), err(["there already"]));
  await changeAccounts(fs, clock, PATH, add(BOB));
  const loaded = await loadAccounts(fs, PATH);
  assert(loaded.ok);
  assertEquals([...loaded.value.keys()], [ALICE.id, BOB.id]);
  assertEquals(fs.tree("/data").length, 1);
});

Deno.test("changeAccounts() of two writers at once loses neither change", async () => {
  const clock = new FakeClock();
  const fs = folder(clock);
  const both = Promise.all([
    changeAccounts(fs, clock, PATH, add(ALICE)),
    changeAccounts(fs, clock, PATH, add(BOB)),
  ]);
  for (let i = 0; i < 10; i++) await clock.advance(25);
  assert((await both).every((r) => r.ok));
  const loaded = await loadAccounts(fs, PATH);
  assert(loaded.ok && loaded.value.size === 2);
});

Deno.test("changeAccounts() takes over the lock of a crashed writer, and gives up on one that is held", async () => {
  const clock = new FakeClock();
  const fs = folder(clock);
  await fs.createWith(`${PATH}.lock`, []);
  await fs.setTime(`${PATH}.lock`, clock.now() - 60_000);
  assert((await changeAccounts(fs, clock, PATH, add(ALICE))).ok);
  await fs.createWith(`${PATH}.lock`, []);
  await fs.setTime(`${PATH}.lock`, clock.now() + 3_600_000);
  const held = changeAccounts(fs, clock, PATH, add(BOB));
  for (let i = 0; i < 20; i++) await clock.advance(1000);
  const r = await held;
  assert(!r.ok && r.error[0]?.includes("accounts.yaml.lock"));
});

Deno.test("changeAccounts() leaves the old or the new file whatever the power does, and the new one once it is told", async () => {
  const steps = await everyCrash<string>(
    async (fs, acknowledge) => {
      const changed = await changeAccounts(fs, new FakeClock(), PATH, add(BOB));
      if (changed.ok) acknowledge(BOB.id);
    },
    async (fs, acknowledged) => {
      const after = await loadAccounts(fs, PATH);
      assert(after.ok && after.value.has(ALICE.id));
      if (acknowledged.length > 0) assert(after.value.has(BOB.id), "the told change is there");
    },
    {
      make: async () => {
        const fs = folder(new FakeClock());
        await changeAccounts(fs, new FakeClock(), PATH, add(ALICE));
        return fs;
      },
    },
  );
  assert(steps > 4);
});

Deno.test("parseAccounts() reads fingerprints as tools print them", () => {
  const printed = "AB:".repeat(32).slice(0, -1);
  const parsed = parseAccounts(
    PATH,
    utf8(`version: 1\naccounts:\n  a@b.test:\n    certificates: ["${printed}"]\n`),
  );
  assert(parsed.ok);
  assertEquals(parsed.value.get("a@b.test")?.certificates, ["ab".repeat(32)]);
});
