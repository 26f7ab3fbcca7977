import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { Machine } from "../support/command.ts";

const VERBS = [
  "demo",
  "quickstart",
  "serve",
  "dns",
  "user",
  "domain",
  "alias",
  "queue",
  "sendmail",
  "reload",
  "status",
  "help",
];

Deno.test("roost --help lists every verb, and every verb has --help", async () => {
  const m = new Machine();
  const all = await m.run(["--help"]);
  assertEquals(all.code, 0);
  for (const verb of VERBS) {
    assertMatch(all.out, new RegExp(`^  ${verb} `, "m"));
    if (verb === "help") continue;
    const one = await m.run([verb, "--help"]);
    assertEquals([one.code, one.err], [0, ""], verb);
    assert(one.out.includes(`  roost ${verb}`), verb);
    assertEquals((await m.run(["help", verb])).out, one.out);
  }
  assertEquals((await m.run(["help"])).out, all.out);
  assertEquals((await m.run(["-h"])).out, all.out);
});

Deno.test("roost without a verb is wrong use", async () => {
  const r = await new Machine().run([]);
  assertEquals([r.code, r.out], [2, ""]);
  assert(r.err.includes("roost demo"));
});

Deno.test("roost suggests what was meant, in one line, with exit code 2", async () => {
  const m = new Machine();
  const cases: [string[], string][] = [
    [["usre"], 'did you mean "user"?'],
    [["xyzzy"], 'there is no verb "xyzzy" ('],
    [["constructor"], "there is no verb"],
    [["queue", "list", "--jsn"], "did you mean --json?"],
    [["queue", "list", "--json=yes"], "--json takes no value"],
    [["queue", "list", "--config"], "--config needs a value: FILE"],
    [["queue", "list", "-x"], "there is no option -x"],
    [["queue"], "queue needs one of"],
    [["user", "list", "--config"], "needs a value"],
    [["help", "nothing"], "there is no verb"],
  ];
  for (const [args, text] of cases) {
    const r = await m.run(args);
    assertEquals([r.code, r.out], [2, ""], args.join(" "));
    assert(r.err.split("\n")[0]?.includes(text), `${args.join(" ")}: ${r.err}`);
  }
});

Deno.test("roost --version names version, commit, target and kind", async () => {
  const r = await new Machine().run(["--version"]);
  assertMatch(
    r.out,
    /^roost \d+\.\d+\.\d+ \(commit \S+, \S+, (source|executable|portable), Deno \d+\.\d+\.\d+\)$/,
  );
});

Deno.test("roost help config prints the reference", async () => {
  assert((await new Machine().run(["help", "config"])).out.includes("limits.message_size"));
});

Deno.test("colours only on a terminal", async () => {
  const m = new Machine();
  assert(!(await m.run(["--help"])).out.includes("\x1b"));
  assert(!(await m.run(["nope"])).err.includes("\x1b"));
  m.isTerminal = true;
  assert((await m.run(["--help"])).out.includes("\x1b[1m"));
});

Deno.test("faults of the disk are one line that says what to do", async () => {
  const m = new Machine();
  m.fs.fail("create", "denied");
  const r = await m.run(["user", "add", "you"]);
  assertEquals(r.code, 1);
  assertMatch(r.err, /^roost: Cannot create .*: denied; run it as the user that the server runs as$/);
});
