import { assert, assertEquals } from "../support/assert.ts";
import { Machine } from "../support/command.ts";

const FILE = "/home/data/accounts.yaml";

Deno.test("user import takes hashes as they are and hashes plain passwords", async () => {
  const m = new Machine();
  const r = await m.run(
    ["user", "import", "-"],
    "# comment\n\nann@example.test:{SHA1}5en6G6MezRroT3XKqkdPOmY/BfQ=\nben:{SHA512-CRYPT}$6$saltstri$Kc1ponHwDwH680/F:5000:5000::/home/ben::\r\ncyd@example.test:{PLAIN}se:cret::::::\ndan:$6$saltstri$Kc1p\n",
  );
  assertEquals([r.code, r.err], [0, ""]);
  assert(r.out.startsWith("4 accounts imported, 3 with a hash that is replaced"));
  const text = await m.text(FILE);
  for (
    const kept of [
      "{SHA1}5en6G6MezRroT3XKqkdPOmY/BfQ=",
      '{SHA512-CRYPT}$6$saltstri$Kc1ponHwDwH680/F"',
      "{CRYPT}$6$saltstri$Kc1p",
    ]
  ) {
    assert(text.includes(kept) || text.includes(kept.replace('"', "\n")), `${kept}\n${text}`);
  }
  assert(!text.includes("se:cret") && text.includes("$scrypt$"));
});

Deno.test("user import changes nothing when a line is wrong, and tells all of them", async () => {
  const m = new Machine({
    "/home/roost.yaml": await new Machine().text("/home/roost.yaml"),
    "/home/users":
      "ann:{SHA1}5en6G6MezRroT3XKqkdPOmY/BfQ=\nben:secret\ncyd:{ROT13}x\ndan@else.test:{PLAIN}x\nnonsense\neve:{PLAIN}\n",
  });
  const r = await m.run(["user", "import", "users"]);
  assertEquals(r.code, 1);
  const lines = r.err.split("\n");
  assertEquals(lines.length, 6);
  for (
    const [i, text] of [
      "users:2: the password has no {SCHEME}",
      "users:3: scheme ROT13",
      "users:4: else.test is not one",
      "users:5: is not",
      "users:6: the password is empty",
      "nothing was imported",
    ].entries()
  ) {
    assert(lines[i]?.includes(text), `${lines[i]}`);
  }
  assertEquals(await m.text(FILE), "");
  assertEquals((await m.run(["user", "import", "gone"])).code, 1);
  assertEquals((await m.run(["user", "import"])).code, 2);
  await m.run(["user", "add", "ann", "--password-stdin"], "x");
  assert(
    (await m.run(["user", "import", "-"], "ann:{PLAIN}x\n")).err.includes("there already: ann@example.test"),
  );
});
