import { fromUtf8 } from "../../mod/base/bytes.ts";
import { NOTICE_CERTIFICATES } from "../../mod/base/limits.ts";
import {
  dueNotice,
  tellOfCertificates,
  type WatchedCertificate,
} from "../../mod/report/certificate_notice.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";

const DAY = 86_400_000;
const TO = { local: "postmaster", domain: "example.org" };

function certificate(name: string, from: number, days: number): WatchedCertificate {
  const fingerprint = [...new TextEncoder().encode(name)].map((b) => b.toString(16).toUpperCase()).join(":");
  return { about: name, fix: "renew it", notBefore: from, notAfter: from + days * DAY, fingerprint };
}

function setUp() {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/data"] });
  const log = new MemoryLog();
  const sent: string[] = [];
  const state = {
    certificates: [] as readonly WatchedCertificate[],
    to: TO as typeof TO | null,
    fails: false,
  };
  // Nothing is held between two calls: each is as after a restart.
  const tell = () =>
    tellOfCertificates({
      ...{ fs, clock, log, file: "/data/told", hostname: "mail.example.org" },
      certificates: () => state.certificates,
      postmaster: () => state.to,
      send(message) {
        if (state.fails) return Promise.reject(new Error("no queue"));
        sent.push(fromUtf8(message).replaceAll("\r\n ", " ")); // unfolded
        return Promise.resolve();
      },
    });
  return { clock, fs, log, sent, state, tell };
}

Deno.test("the postmaster is told 14, 7, 3 and 1 days before a certificate ends, once each", async () => {
  const { clock, sent, state, tell } = setUp();
  state.certificates = [certificate("mail.example.org", clock.now(), 90)];
  const told: number[] = [];
  for (let hour = 0; hour < 92 * 24; hour += 6) {
    if (await tell()) told.push(90 - hour / 24);
    await clock.advance(DAY / 4);
  }
  assertEquals(told, [14, 7, 3, 1]);
  assert(sent[0]?.includes("Subject: mail.example.org: certificate of mail.example.org ends in 14 days"));
  assert(sent[3]?.includes("ends within a day") && sent[3].includes("To do: renew it"));
});

Deno.test("a certificate that was renewed is a new one; several are told of in one mail, the same one once", async () => {
  const { clock, fs, sent, state, tell } = setUp();
  const start = clock.now();
  state.certificates = [
    ...[certificate("a.example.org", start, 90), certificate("a.example.org", start, 90)],
    certificate("b.example.org", start, 91),
  ];
  await clock.advance(80 * DAY);
  assertEquals([await tell(), await tell(), sent.length], [true, false, 1]);
  assert(sent[0]?.includes("certificate of a.example.org ends in 10 days and 1 more"));
  assertEquals(sent[0]?.match(/The certificate of/g)?.length, 2);
  const other = certificate("c.example.org", clock.now() - 80 * DAY, 90);
  state.certificates = [other];
  assertEquals([await tell(), sent.length], [true, 2]);
  // What is not in use any more is forgotten.
  assertEquals(
    fromUtf8(await fs.readFile("/data/told", 1000) ?? new Uint8Array()),
    `${other.fingerprint} 14\n`,
  );
  state.certificates = Array.from(
    { length: 100 },
    (_, i) => certificate(`n${i}`, clock.now() - 89 * DAY, 90),
  );
  assert(await tell());
  assertEquals(sent[2]?.match(/The certificate of/g)?.length, NOTICE_CERTIFICATES);
  assert(sent[2]?.includes(`And ${100 - NOTICE_CERTIFICATES} more`));
});

Deno.test("dueNotice() waits with short-lived certificates, and says nothing of ended or future ones", () => {
  const rows: readonly [life: number, left: number, expected: number | null][] = [
    [90, 14.1, null],
    [90, 14, 14],
    [90, 6, 7],
    [90, 0.1, 1],
    [90, 0, null],
    [90, -1, null],
    [90, 91, null],
    [30, 9, null],
    [30, 7, 7],
    [6, 3, null],
    [6, 1, 1],
    [1, 0.1, null],
  ];
  for (const [life, left, expected] of rows) {
    const c = certificate("x", 0, life);
    assertEquals(dueNotice(c, c.notAfter - left * DAY, undefined)?.days ?? null, expected, `${life} ${left}`);
  }
  const c = certificate("x", 0, 90);
  assertEquals(dueNotice(c, 85 * DAY, 7), null);
  assertEquals(dueNotice(c, 88 * DAY, 7)?.days, 3);
});

Deno.test("a notice that could not be queued is given later; nobody to tell, or a broken file, harms nothing", async () => {
  const { clock, fs, log, sent, state, tell } = setUp();
  state.certificates = [certificate("x\r\nBcc: y", clock.now() - 80 * DAY, 90)];
  state.to = null;
  assertEquals(await tell(), false);
  state.to = TO;
  state.fails = true;
  assertEquals([await tell(), await tell()], [false, false]);
  assertEquals(log.lines.filter((l) => l.level === "error").length, 2);
  state.fails = false;
  assertEquals([await tell(), sent.length], [true, 1]);
  assert(!/^Bcc/m.test((sent[0] ?? "").split("\r\n\r\n")[0] ?? ""));
  await fs.remove("/data/told");
  await fs.createWith("/data/told", [new TextEncoder().encode("\0\nnonsense 14\n")]);
  assertEquals([await tell(), await tell(), sent.length], [true, false, 2]);
  await fs.remove("/data/told");
  await fs.makeDir("/data/told");
  assertEquals([await tell(), sent.length], [false, 2]);
});
