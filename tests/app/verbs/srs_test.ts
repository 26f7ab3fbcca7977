import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

Deno.test("srs there and back, with secrets and domain of the configuration", async () => {
  const m = new Machine();
  assertEquals((await m.run(["srs", "forward", "you@far.example"])).code, 1, "nothing is made in passing");
  assertEquals((await m.run(["srs", "rotate"])).code, 0);
  const there = await m.run(["srs", "forward", "you@far.example"]);
  assert(/^SRS0=....=..=far\.example=you@example\.test$/.test(there.out), there.out);
  assertEquals((await m.run(["srs", "reverse", there.out])).out, "you@far.example");
  assertEquals((await m.run(["srs", "rotate"])).code, 0);
  assertEquals((await m.run(["srs", "reverse", there.out])).out, "you@far.example");
  assert((await m.run(["srs", "forward", "you@far.example"])).out !== there.out);
  assertEquals((await m.run(["srs", "reverse", there.out, "--now", "1900000000"])).code, 1);
});

Deno.test("srs needs no configuration where all is given", async () => {
  const m = new Machine({});
  const given = ["--secret", "tajny", "--now", "1795305600"];
  const there = await m.run(["srs", "forward", "User@far.example", "--domain", "Ours.test", ...given]);
  assertEquals(there, { code: 0, out: "SRS0=9X96=JL=far.example=User@ours.test", err: "" });
  assertEquals((await m.run(["srs", "reverse", there.out, ...given])).out, "User@far.example");
  const told = await m.run(["srs", "reverse", there.out, ...given, "--json"]);
  assertEquals(JSON.parse(told.out), { address: "User@far.example" });
  const forged = await m.run(["srs", "reverse", there.out.replace("9X", "8X"), ...given]);
  assertEquals([forged.code, forged.out], [1, ""]);
  assert(forged.err.includes("not made with this secret"));
});

Deno.test("srs says what is wrong with its arguments", async () => {
  const m = new Machine();
  const long = `${"l".repeat(250)}@far.example`;
  const table: [string[], number][] = [
    [[], 2],
    [["turn", "a@b.test"], 2],
    [["forward"], 2],
    [["forward", "a b"], 2],
    [["forward", "postmaster"], 2],
    [["forward", "a@b.test", "--domain", "no domain"], 2],
    [["forward", "a@b.test", "--secret", ""], 2],
    [["forward", "a@b.test", "--now", "today"], 2],
    [["forward", long], 1],
    [["reverse", "a@b.test"], 1],
    [["forward", "a@b.test", "c@d.test"], 2],
    [["rotate", "now"], 2],
  ];
  for (const [args, code] of table) assertEquals((await m.run(["srs", ...args])).code, code, args.join(" "));
  assertEquals(
    (await new Machine({ "/home/roost.yaml": "hostname: a.test\n" }).run(["srs", "forward", "a@b.test"]))
      .code,
    1,
  );
});
