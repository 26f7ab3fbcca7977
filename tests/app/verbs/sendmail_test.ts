import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

Deno.test("sendmail takes what cron, PHP and NAS boxes call it with", async () => {
  const calls: string[][] = [
    ["sendmail", "-i", "root"],
    ["sendmail", "-oi", "root"],
    ["sendmail", "-t", "-i"],
    ["sendmail", "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"],
    ["sendmail", "-f", "nas@example.test", "-bm", "--", "root"],
    ["sendmail", "-oi", "-f", "", "-N", "never", "-v", "root"],
  ];
  for (const args of calls) {
    const m = new Machine();
    await m.startServer();
    const r = await m.run(args, "To: root\nSubject: x\n\nhi\n");
    assertEquals([r.code, r.out, r.err], [0, "", ""], args.join(" "));
    assertEquals(m.requests, ["POST /api/queue/rescan"]);
    const [mail] = JSON.parse((await m.run(["queue", "list", "--json"])).out);
    assertEquals(mail.recipients[0].address, "root@example.test");
  }
});

Deno.test("sendmail keeps nothing of what it refuses", async () => {
  const m = new Machine();
  const cases: [string[], string, number][] = [
    [["sendmail"], "\nx\n", 2],
    [["sendmail", "-t"], "Subject: x\n\nx\n", 2],
    [["sendmail", "-bs"], "", 2],
    [["sendmail", "-bp"], "", 2],
    [["sendmail", "-z", "a"], "", 2],
    [["sendmail", "a"], "x\0y", 1],
  ];
  for (const [args, input, code] of cases) {
    assertEquals((await m.run(args, input)).code, code, args.join(" "));
  }
  assert(
    (await m.run(["sendmail", "a"], new Uint8Array(50 * 1024 * 1024 + 1))).err.includes(
      "more than 52428800 octets",
    ),
  );
  assertEquals((await m.run(["queue", "list"])).out, "the queue is empty");
  m.fs.fail("create", "full");
  const full = await m.run(["sendmail", "a"], "\nx\n");
  assertEquals(full.code, 1);
  assert(full.err.includes("make room on the disk"), full.err);
});
