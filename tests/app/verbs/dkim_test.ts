import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

Deno.test("dkim rotate makes new keys once, which sign with --now, and the old ones stay", async () => {
  const m = new Machine();
  const none = await m.run(["dkim", "list"]);
  assertEquals([none.code, none.out], [0, 'no keys yet; "roost dkim rotate" makes some']);
  const states = async (args: string[]): Promise<string[]> => {
    const ran = await m.run([...args, "--json"]);
    assertEquals([ran.code, ran.err], [0, ""]);
    return JSON.parse(ran.out).map((k: Record<string, unknown>) => `${k.algorithm} ${k.state} ${k.signs}`);
  };
  assertEquals(await states(["dkim", "rotate"]), ["rsa active true", "ed25519 active true"]);
  const waiting = ["rsa new false", "rsa active true", "ed25519 new false", "ed25519 active true"];
  assertEquals(await states(["dkim", "rotate", "example.test"]), waiting);
  assertEquals(await states(["dkim", "rotate"]), waiting);
  const text = await m.run(["dkim", "list"]);
  assertMatch(text.out, /rsa-20260102-2 +rsa +new for 0\.0 days +to be published/);
  assertMatch(text.out, /To publish:\nrsa-20260102-2\._domainkey\.example\.test +TXT +v=DKIM1; k=rsa; p=MII/);
  const turned = ["rsa active true", "rsa retired false", "ed25519 active true", "ed25519 retired false"];
  assertEquals(await states(["dkim", "rotate", "--now"]), turned);
  assertEquals(await states(["dkim", "list"]), turned);
});

Deno.test("dkim names a file that is no key", async () => {
  const m = new Machine();
  await m.run(["dkim", "rotate"]);
  await m.fs.createWith("/home/data/keys/dkim/example.test/notes.pem", []);
  for (const action of ["list", "rotate"]) {
    const ran = await m.run(["dkim", action]);
    assertEquals(ran.code, 1);
    assertMatch(ran.err, /dkim\/example\.test: Cannot read the DKIM key in "notes\.pem"; take the file away/);
  }
});

Deno.test("dkim says what is wrong with a call", async () => {
  const m = new Machine();
  for (
    const [args, code, why] of [
      [["dkim"], 2, "needs one of list, rotate"],
      [["dkim", "turn"], 2, "needs one of list, rotate"],
      [["dkim", "list", "other.test"], 1, "no domain of ours"],
      [["dkim", "rotate", "no domain"], 2, "is no domain"],
    ] as const
  ) {
    const ran = await m.run([...args]);
    assertEquals(ran.code, code);
    assert(ran.err.includes(why), ran.err);
  }
});
