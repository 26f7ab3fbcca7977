import type { Account } from "../../mod/account/account.ts";
import { type DomainRules, LocalDirectory } from "../../mod/account/local_directory.ts";
import { ALIAS_TARGETS } from "../../mod/base/limits.ts";
import { type Address, formatAddress } from "../../mod/mail/address.ts";
import { assert, assertEquals } from "../support/assert.ts";

function at(text: string): Address {
  const i = text.lastIndexOf("@");
  return { local: text.slice(0, i), domain: text.slice(i + 1) };
}

function account(id: string, disabled = false): [string, Account] {
  return [id, {
    id,
    password: null,
    appPasswords: [],
    disabled,
    quota: null,
    created: "2026-01-01T00:00:00Z",
  }];
}

function rules(aliases: Record<string, string[]>, rest: Partial<DomainRules> = {}): DomainRules {
  const to = Object.fromEntries(Object.entries(aliases).map(([k, v]) => [k, v.map(at)]));
  return { catchAll: null, subaddress: "+", aliases: to, ...rest };
}

const ACCOUNTS = new Map([
  account("alice@a.test"),
  account("bob@a.test"),
  account("gone@a.test", true),
  account("alice+real@a.test"),
  account("carol@b.test"),
]);

const DOMAINS = new Map<string, DomainRules>([
  [
    "a.test",
    rules({
      team: ["alice@a.test", "bob@a.test", "friend@else.test", "ALICE@a.test"],
      loop1: ["loop2@a.test"],
      loop2: ["loop1@a.test"],
      self: ["self@a.test"],
      bob: ["bob@a.test", "copy@else.test"],
      nested: ["team@a.test", "carol@b.test"],
      ghost: ["nobody@a.test"],
      off: ["gone@a.test"],
      half: ["gone@a.test", "alice@a.test"],
      "Büro": ["alice@a.test"],
    }),
  ],
  ["b.test", rules({ postmaster: ["carol@b.test"] }, { catchAll: at("list@b.test"), subaddress: "-" })],
  ["c.test", rules({ all: ["x@c.test"] }, { catchAll: at("all@c.test"), subaddress: null })],
  ["d.test", rules({ staff: ["alice@a.test"] }, { catchAll: at("staff@d.test") })],
]);

const directory = new LocalDirectory(DOMAINS, ACCOUNTS);

function resolved(text: string): string {
  const r = directory.resolve(at(text));
  if (r.kind !== "targets") return r.kind;
  return r.targets.map((t) =>
    t.kind === "account"
      ? t.account + (t.detail === null ? "" : ` (${t.detail})`)
      : `>${formatAddress(t.address)}`
  ).join(", ");
}

Deno.test("LocalDirectory resolves accounts, aliases, subaddresses, catch-all and postmaster", () => {
  const cases: [string, string][] = [
    ["alice@a.test", "alice@a.test"],
    ["ALICE@A.TEST", "alice@a.test"],
    ["alice+lists@a.test", "alice@a.test (lists)"],
    ["alice+a+b@a.test", "alice@a.test (a+b)"],
    ["alice+@a.test", "alice@a.test ()"],
    ["alice+real@a.test", "alice+real@a.test"],
    ["+x@a.test", "unknown-user"],
    ["team@a.test", "alice@a.test, bob@a.test, >copy@else.test, >friend@else.test"],
    ["team+x@a.test", "alice@a.test (x), bob@a.test (x), >copy@else.test, >friend@else.test"],
    ["bob@a.test", "bob@a.test, >copy@else.test"],
    ["nested@a.test", "alice@a.test, bob@a.test, >copy@else.test, >friend@else.test, carol@b.test"],
    ["loop1@a.test", "unknown-user"],
    ["self@a.test", "unknown-user"],
    ["ghost@a.test", "unknown-user"],
    ["nobody@a.test", "unknown-user"],
    ["büro@a.test", "alice@a.test"],
    ["gone@a.test", "disabled"],
    ["off@a.test", "disabled"],
    ["half@a.test", "alice@a.test"],
    ["x@else.test", "not-local"],
    ["carol-x@b.test", "carol@b.test (x)"],
    ["anyone@b.test", "unknown-user"], // its catch-all leads to nobody but itself
    ["anyone@c.test", "unknown-user"],
    ["anyone@d.test", "alice@a.test"],
    ["postmaster@a.test", "alice@a.test"],
    ["PostMaster@a.test", "alice@a.test"],
    ["postmaster@b.test", "carol@b.test"],
    ["postmaster@c.test", "alice@a.test"],
    ["postmaster@", "alice@a.test"],
    ["someone@", "not-local"],
  ];
  for (const [address, expected] of cases) assertEquals(resolved(address), expected, address);
});

Deno.test("LocalDirectory without domains or accounts knows nobody", () => {
  const empty = new LocalDirectory(new Map(), new Map());
  assertEquals(empty.resolve(at("postmaster@")).kind, "not-local");
  const deserted = new LocalDirectory(new Map([["a.test", rules({})]]), new Map());
  assertEquals(deserted.resolve(at("postmaster@a.test")).kind, "unknown-user");
  assertEquals(deserted.accounts(), []);
});

Deno.test("LocalDirectory unfolds tangled aliases in bounded time and number", () => {
  const aliases: Record<string, string[]> = {
    big: Array.from({ length: 3000 }, (_, i) => `u${i}@else.test`),
  };
  for (let i = 0; i < 60; i++) {
    aliases[`l${i}`] = [`l${i + 1}@a.test`, `l${i + 1}@a.test`, `l${i + 2}@a.test`];
  }
  const d = new LocalDirectory(new Map([["a.test", rules(aliases)]]), ACCOUNTS);
  assertEquals(d.resolve(at("l0@a.test")).kind, "unknown-user");
  const big = d.resolve(at("big@a.test"));
  assert(big.kind === "targets" && big.targets.length === ALIAS_TARGETS);
});

Deno.test("maySendAs() allows own addresses and aliases that lead to the account, nothing else", () => {
  const cases: [string, string, boolean][] = [
    ["alice@a.test", "alice@a.test", true],
    ["alice@a.test", "Alice+shop@A.test", true],
    ["alice@a.test", "team@a.test", true],
    ["alice@a.test", "anything@d.test", true],
    ["alice@a.test", "postmaster@a.test", true],
    ["alice@a.test", "bob@a.test", false],
    ["bob@a.test", "bob@a.test", true],
    ["carol@b.test", "team@a.test", false],
    ["alice@a.test", "alice@else.test", false],
    ["alice@a.test", "nobody@a.test", false],
  ];
  for (const [id, sender, may] of cases) {
    assertEquals(directory.maySendAs(id, at(sender)), may, `${id} as ${sender}`);
  }
});
