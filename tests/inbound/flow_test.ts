/** The rooms of reception together, from octets on the wire to mailboxes and queue. */
import { BlockPool } from "../../mod/base/block_pool.ts";
import type { Authenticator } from "../../mod/account/directory.ts";
import { InboundPolicy } from "../../mod/inbound/policy.ts";
import { RateLimiter } from "../../mod/inbound/ratelimit.ts";
import { InboundReceiver } from "../../mod/inbound/receive.ts";
import { FsSpooler } from "../../mod/inbound/spooler.ts";
import type { ListenerKind, SmtpSettings } from "../../mod/smtp/ports.ts";
import { serveSmtp } from "../../mod/smtp/serve.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";
import { parseDialog, playDialog } from "../support/dialog.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { ScriptConn } from "../support/script_conn.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { InboundRig, TLS } from "./rig.ts";

async function converse(listener: ListenerKind, dialog: string): Promise<{ rig: InboundRig; fs: MemFs }> {
  const rig = new InboundRig();
  const fs = new MemFs();
  const clock = new FakeClock();
  const random = new SeededRandom();
  const authenticator: Authenticator = {
    password: (login, password) =>
      Promise.resolve(password === "secret" ? { kind: "ok", account: login } : { kind: "refused" }),
  };
  const settings: SmtpSettings = {
    listener,
    hostname: "mx.example.test",
    messageSize: 1_000_000,
    recipients: 100,
    bodyInMemory: 50_000,
    cleartextLoopback: false,
    authOnSmtp: false,
    startTlsAvailable: () => true,
  };
  const conn = new ScriptConn({ address: "192.0.2.1", port: 4000 }, listener === "submissions" ? TLS : null);
  const over = serveSmtp(conn, settings, {
    policy: new InboundPolicy(rig.directory, new RateLimiter(clock, { burst: 9, perMinute: 9 }, [])),
    receiver: new InboundReceiver({
      dispatcher: rig.dispatcher,
      directory: rig.directory,
      clock,
      log: rig.log,
    }, "mx.example.test"),
    authenticator,
    bodies: new BlockPool(1 << 20),
    spooler: new FsSpooler(fs, "/data/queue/tmp", random, rig.log),
    clock,
    random,
    log: rig.log,
  }, new AbortController().signal);
  await playDialog(parseDialog("flow", dialog), conn);
  conn.end();
  await over;
  return { rig, fs };
}

Deno.test("a message from outside reaches the mailboxes its recipients lead to", async () => {
  const { rig } = await converse(
    "smtp",
    `
S: 220 *
C: EHLO client.example
C: MAIL FROM:<friend@far.example>
C: RCPT TO:<team@example.test>
C: RCPT TO:<bob+x@example.test>
C: RCPT TO:<victim@far.example>
C: RCPT TO:<victim%far.example@catch.test>
C: DATA
S: ...
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 250 2.1.5 *
S: 550 5.7.1 *
S: 550 5.7.1 *
S: 354 *
C: Subject: hello
C: 
C: ..stuffed
C: .
S: 250 2.0.0 OK: queued as *
C: QUIT
S: 221 *
! closed
`,
  );
  assertEquals(rig.delivered.map((d) => d.account), ["alice@example.test", "bob@example.test"]);
  assertMatch(
    rig.delivered[0]?.text ?? "",
    /^Return-Path: <friend@far\.example>\r\nReceived: [^]*\r\nSubject: hello\r\n\r\n\.stuffed\r\n$/,
  );
  assertEquals(rig.queued.length, 0);
});

Deno.test("a large submission goes through the spool to the queue, and leaves nothing there", async () => {
  const { rig, fs } = await converse(
    "submissions",
    `
S: 220 *
C: EHLO client.example
C: AUTH PLAIN ${btoa("\0alice@example.test\0secret")}
C: MAIL FROM:<bob@example.test>
C: MAIL FROM:<alice@example.test>
C: RCPT TO:<someone@far.example>
C: DATA
S: ...
S: 235 *
S: 553 5.7.1 *
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
R: From: alice@example.test\\r\\n\\r\\n\\{0123456789abcde*20000}\\r\\n.\\r\\n
S: 250 2.0.0 *
C: MAIL FROM:<alice@example.test>
C: RCPT TO:<someone@far.example>
C: DATA
S: 250 *
S: 250 *
S: 354 *
C: From: bob@example.test
C: 
C: .
S: 550 5.7.1 *
C: QUIT
S: 221 *
`,
  );
  assertEquals(rig.queuedFor, ["someone@far.example"]);
  assertMatch(rig.queued[0]?.text ?? "", /^Received: by mx\.example\.test with ESMTPSA /);
  assertEquals(rig.queued[0]?.text.includes("192.0.2.1"), false);
  assertEquals(await fs.list("/data/queue/tmp"), []);
});
