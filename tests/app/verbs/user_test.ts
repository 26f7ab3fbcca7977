import { PasswordHasher } from "../../../mod/account/password_hasher.ts";
import { verifyAppPassword } from "../../../mod/account/app_password.ts";
import { parseAccounts } from "../../../mod/account/accounts_file.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { CONFIG, Machine } from "../../support/command.ts";

const FILE = "/home/data/accounts.yaml";

async function account(m: Machine, id: string) {
  const parsed = parseAccounts(FILE, utf8(await m.text(FILE)));
  assert(parsed.ok, JSON.stringify(parsed));
  return parsed.value.get(id);
}

async function accepts(m: Machine, id: string, password: string): Promise<boolean> {
  return await new PasswordHasher(m.random, m.clock).verify(password, (await account(m, id))?.password ?? "");
}

Deno.test("user add makes an account with a password that is printed once", async () => {
  const m = new Machine();
  const r = await m.run(["user", "add", "You", "--quota", "2GB"]);
  assertEquals([r.code, r.err], [0, ""]);
  const password = /^password: (\S+) {3}\(shown only now\)$/m.exec(r.out)?.[1] ?? "";
  assertMatch(password, /^(\w{4}-){4}\w{4}$/);
  assert(await accepts(m, "you@example.test", password));
  assertEquals((await account(m, "you@example.test"))?.quota, 2 * 1024 ** 3);
  assert(!(await m.text(FILE)).includes(password));
  assertEquals(m.fs.statSync(FILE)?.mode, 0o600);
  const again = await m.run(["user", "add", "you@example.test"]);
  assertEquals(again.code, 1);
  assert(again.err.includes("roost user passwd you@example.test"));
});

Deno.test("user add --password-stdin takes the first line, and tells a running server", async () => {
  const m = new Machine();
  await m.startServer();
  const r = await m.run(["user", "add", "you", "--password-stdin"], "  pass word \r\nrest\n");
  assertEquals([r.code, r.out], [0, "you@example.test added (the running server knows)"]);
  assert(await accepts(m, "you@example.test", "  pass word "));
  assertEquals(m.requests, ["POST /api/reload"]);
  assertEquals((await m.run(["user", "passwd", "you", "--password-stdin"], "\n")).code, 2);
  assertEquals((await m.run(["user", "passwd", "you", "--password-stdin"], "new")).code, 0);
  assert(await accepts(m, "you@example.test", "new"));
});

Deno.test("user checks addresses", async () => {
  const m = new Machine();
  const cases: [string[], number, string][] = [
    [["user", "add"], 2, "which account?"],
    [["user", "add", "a b@example.test"], 2, "is no address"],
    [["user", "add", "you@else.test"], 1, "roost domain add else.test"],
    [["user", "add", '"a b"@example.test'], 2, "quotes"],
    [["user", "add", "you", "--quota", "much"], 2, "no size such as 2GB"],
    [["user", "passwd", "nobody"], 1, "there is no account nobody@example.test"],
    [["user", "disable", "nobody"], 1, "there is no account"],
    [["user", "remove", "nobody"], 1, "there is no account"],
    [["user", "app-password", "nobody"], 1, "there is no account"],
    [["user", "frobnicate"], 2, "user needs one of add, list"],
  ];
  for (const [args, code, text] of cases) {
    const r = await m.run(args);
    assertEquals(r.code, code, args.join(" "));
    assert(r.err.includes(text), `${args.join(" ")}: ${r.err}`);
  }
  const two = new Machine({ "/home/roost.yaml": `${CONFIG}  b.test:\n` });
  assert((await two.run(["user", "add", "you"])).err.includes("is no address"));
});

Deno.test("user disable, enable, app-password and remove change one account", async () => {
  const m = new Machine();
  await m.run(["user", "add", "you", "--password-stdin"], "x");
  await m.run(["user", "disable", "you"]);
  assertEquals((await account(m, "you@example.test"))?.disabled, true);
  await m.run(["user", "enable", "you"]);
  assertEquals((await account(m, "you@example.test"))?.disabled, false);
  const made = JSON.parse((await m.run(["user", "app-password", "you", "phone", "--json"])).out);
  const stored = (await account(m, "you@example.test"))?.appPasswords[0];
  assert(stored?.name === "phone" && verifyAppPassword(made.password, stored.hash));
  assert((await m.run(["user", "app-password", "you", "phone"])).err.includes("already"));
  assert((await m.run(["user", "app-password", "you"])).out.includes('"app 2"'));
  assertEquals((await m.run(["user", "app-password", "you", "phone", "--remove"])).code, 0);
  assertEquals((await m.run(["user", "app-password", "you", "phone", "--remove"])).code, 1);
  await m.fs.makeDir("/home/data/mail/example.test/you");
  const gone = await m.run(["user", "remove", "you"]);
  assert(gone.out.includes("its mail stays in /home/data/mail/example.test/you"));
  assertEquals(await account(m, "you@example.test"), undefined);
  await m.run(["user", "add", "a/b@example.test", "--password-stdin"], "x");
  await m.fs.makeDir("/home/data/mail/example.test/a%2Fb");
  const odd = await m.run(["user", "remove", "a/b@example.test"]);
  assert(odd.out.includes("its mail stays in /home/data/mail/example.test/a%2Fb"), odd.out + odd.err);
});

Deno.test("user quota sets and ends bounds, which user list shows", async () => {
  const m = new Machine();
  await m.run(["user", "add", "you", "--password-stdin"], "x");
  const set = await m.run(["user", "quota", "you", "5GB", "--messages", "1000"]);
  assertMatch(set.out, /^quota of you@example\.test: 5 GB, 1000 messages \(/);
  const { quota, quotaMessages } = await account(m, "you@example.test") ?? {};
  assertEquals([quota, quotaMessages], [5 * 1024 ** 3, 1000]);
  assertMatch((await m.run(["user", "list"])).out, /5 GB, 1000 messages/);
  assertEquals(JSON.parse((await m.run(["user", "list", "--json"])).out)[0].quotaMessages, 1000);
  assertMatch((await m.run(["user", "quota", "you", "1.5MB"])).out, /: 1\.5 MB \(/);
  assertEquals((await account(m, "you@example.test"))?.quotaMessages, undefined);
  assertMatch((await m.run(["user", "quota", "you", "none"])).out, /: none \(/);
  assertEquals((await account(m, "you@example.test"))?.quota, null);
  assertMatch((await m.run(["user", "quota", "you", "--messages", "7"])).out, /: 7 messages \(/);
  for (const bad of [[], ["much"], ["1GB", "--messages", "0"], ["1GB", "--messages", "x"]]) {
    assertEquals((await m.run(["user", "quota", "you", ...bad])).code, 2, bad.join(" "));
  }
  assertEquals((await m.run(["user", "quota", "nobody", "1GB"])).code, 1);
});

Deno.test("user list prints a table or JSON", async () => {
  const m = new Machine();
  assert((await m.run(["user", "list"])).out.includes("no accounts yet"));
  await m.run(["user", "add", "you", "--password-stdin"], "x");
  await m.run(["user", "disable", "you"]);
  assertMatch((await m.run(["user", "list"])).out, /you@example\.test +disabled +scrypt/);
  assertEquals(JSON.parse((await m.run(["user", "list", "--json"])).out), [{
    address: "you@example.test",
    disabled: true,
    quota: null,
    created: "2026-01-02T03:04:05Z",
    scram: true,
    certificates: [],
    appPasswords: [],
    password: "scrypt",
  }]);
  await m.fs.createWith("/home/old", [utf8("old@example.test:{SHA512-CRYPT}$6$abc$" + "a".repeat(86))]);
  assertEquals((await m.run(["user", "import", "old"])).code, 0);
  assertMatch((await m.run(["user", "list"])).out, /old@example\.test +SHA512-CRYPT, no SCRAM/);
});

Deno.test("user leaves a broken accounts file alone and says where it is broken", async () => {
  const m = new Machine({ "/home/roost.yaml": CONFIG, [FILE]: "version: 1\naccounts: [\n" });
  for (const args of [["user", "list"], ["user", "add", "x"]]) {
    const r = await m.run(args);
    assertEquals(r.code, 1);
    assert(r.err.includes(`${FILE}:3:1`), r.err);
  }
  assertEquals(await m.text(FILE), "version: 1\naccounts: [\n");
});
