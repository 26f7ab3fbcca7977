import { formatTlsReport } from "../../mod/auth/tlsrpt/report.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { REPORTS_WAITING } from "../../mod/base/limits.ts";
import { ReportIntake } from "../../mod/report/intake.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";

function setUp() {
  const log = new MemoryLog();
  const clock = new FakeClock();
  return { log, clock, intake: new ReportIntake({ log, clock, isOurs: (d) => d === "example.test" }) };
}

function report(id: string, domain = "example.test"): Uint8Array {
  const json = formatTlsReport({
    organization: "Far",
    start: 0,
    end: 1000,
    contact: "x@far.example",
    id,
    policies: [{ type: "sts", strings: [], mx: [], domain, successes: 1, failures: 0, details: [] }],
  });
  return utf8(`Content-Type: application/tlsrpt+json\r\n\r\n${json}\r\n`);
}

Deno.test("ReportIntake takes reports on our domains, one after the other", async () => {
  const { intake, clock, log } = setUp();
  intake.take(report("r1"), "m1");
  intake.take(report("r2", "victim.test"), "m2");
  intake.take(utf8("Subject: Report Domain: x\r\n\r\nhi\r\n"), "m3");
  intake.take(utf8('Content-Type: application/tlsrpt+json\r\n\r\n{"policies": 1}\r\n'), "m4");
  await intake.settled();
  assertEquals(intake.tls.list(clock.now()).map((r) => r.id), ["r1"]);
  assertEquals(intake.dmarc.list(clock.now()), []);
  assertEquals(log.lines.map((l) => `${l.event} ${l.fields["id"]}`), [
    "report taken in m1",
    "report not taken in m2",
    "report not taken in m4",
  ]);
});

Deno.test("ReportIntake leaves a flood alone, and goes on after it", async () => {
  const { intake, clock, log } = setUp();
  for (let i = 0; i < REPORTS_WAITING + 3; i++) intake.take(report(`r${i}`), `m${i}`);
  assertEquals(log.lines.map((l) => l.fields["id"]), ["m5", "m6", "m7"]);
  await intake.settled();
  intake.take(report("last"), "m9");
  await intake.settled();
  assertEquals(intake.tls.list(clock.now()).length, REPORTS_WAITING + 1);
});
