import { hello } from "../../../mod/app/greet.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { runRoost } from "../../support/roost_process.ts";

Deno.test("the command line works as a process: folder, standard input, exit codes", async () => {
  const dir = await Deno.makeTempDir();
  try {
    assertEquals(
      (await runRoost(["quickstart", "you@example.test", "--closed"], { stdin: "", cwd: dir })).code,
      0,
    );
    assertEquals((await runRoost(["sendmail", "you"], { stdin: "Subject: x\n\nhi\n", cwd: dir })).code, 0);
    const list = await runRoost(["queue", "list", "--json"], { stdin: "", cwd: dir });
    assertEquals(JSON.parse(list.out).length, 1);
    const bad = await runRoost(["quue"], { stdin: "", cwd: dir });
    assertEquals([bad.code, bad.out], [2, ""]);
    assert(bad.err.includes('did you mean "queue"?'));
    assertEquals((Deno.statSync(`${dir}/data/accounts.yaml`).mode ?? 0) & 0o777, 0o600);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("hello() reads the first line answered to EHLO, and never throws", async () => {
  const cases: readonly (readonly [greeting: string, answer: string, expected: string | null])[] = [
    [
      "220-one\r\n220 two\r\n",
      "250-at your service, [198.51.100.7]\r\n250 SIZE\r\n",
      "250-at your service, [198.51.100.7]",
    ],
    ["554 go away\r\n", "250 x\r\n", null],
    ["220-\r\n".repeat(50), "250 x\r\n", null],
    ["220 x\r\n", "", null],
    ["", "", null],
    [`220 ${"x".repeat(5000)}\r\n`, "250 x\r\n", null],
  ];
  for (const [greeting, answer, expected] of cases) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const served = (async () => {
      using conn = await listener.accept();
      await conn.write(new TextEncoder().encode(greeting));
      // A client that does not like the greeting says nothing.
      const asked = await conn.read(new Uint8Array(100)).catch(() => null);
      if (asked !== null) await conn.write(new TextEncoder().encode(answer)).catch(() => 0);
    })();
    const { port } = listener.addr;
    const patience = greeting === "" ? 300 : 30_000;
    assertEquals(await hello("127.0.0.1", port, "mail.example.org", patience), expected, greeting);
    await served;
  }
  assertEquals(await hello("127.0.0.1", 1, "mail.example.org", 300), null);
});
