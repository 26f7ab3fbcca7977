import { loadDialogs, playDialog } from "../support/dialog.ts";
import type { ListenerKind } from "../../mod/smtp/ports.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { SmtpSession } from "../../mod/smtp/session.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Rig, type RigOptions } from "./rig.ts";

function optionsOf(settings: ReadonlyMap<string, string>): RigOptions {
  return {
    listener: (settings.get("listener") ?? "smtp") as ListenerKind,
    ...(settings.has("tls") ? { tls: settings.get("tls") === "on" } : {}),
    remote: settings.get("remote") ?? "192.0.2.1",
    settings: {
      cleartextLoopback: settings.has("cleartext"),
      authOnSmtp: settings.has("auth-on-smtp"),
      startTlsAvailable: () => settings.get("starttls") !== "off",
    },
  };
}

for (const dialog of loadDialogs("smtp")) {
  Deno.test(`SMTP dialog ${dialog.name}`, async () => {
    // Dialogs that look at one reply per write run whole only; all others in small pieces too.
    const sizes = dialog.settings.has("whole") ? [undefined] : [undefined, 1, 7];
    for (const chunk of sizes) {
      const rig = new Rig(optionsOf(dialog.settings));
      const over = rig.serve();
      const advance = (ms: number) => rig.clock.advance(ms);
      await playDialog(dialog, rig.conn, chunk === undefined ? { advance } : { advance, chunk });
      rig.conn.end();
      await over;
      assertEquals(rig.spooled, 0);
      assertEquals(rig.clock.waiting, 0);
      const octets = dialog.settings.get("octets");
      if (octets !== undefined) {
        assertEquals(rig.received.map((r) => r.text).join("|").length, Number(octets));
      }
      if (dialog.settings.has("messages")) {
        assertEquals(rig.received.length, Number(dialog.settings.get("messages")));
      }
    }
  });
}

/** Lines to a new session, and the code of the last reply. */
async function codes(options: RigOptions, lines: readonly string[]): Promise<number[]> {
  const rig = new Rig(options);
  const session = new SmtpSession(rig.settings, rig.ports, rig.conn);
  const all = [(await session.greet()).reply.code];
  let next = "command";
  for (const line of lines) {
    const outcome = await (next === "auth" ? session.authLine(utf8(line)) : session.command(utf8(line)));
    next = outcome.next;
    all.push(outcome.reply.code);
    if (outcome.next === "starttls") {
      session.tlsStarted({ protocol: "TLSv1.3", cipher: "x", serverName: null });
    }
  }
  return all.slice(1);
}

Deno.test("SmtpSession keeps the order of commands", async () => {
  const hello = "EHLO c";
  const mail = "MAIL FROM:<a@b>";
  const rcpt = "RCPT TO:<alice@example.test>";
  const table: [string[], number[]][] = [
    [["NOOP"], [250]],
    [["HELP", "VRFY x", "EXPN x", "RSET"], [214, 252, 502, 250]],
    [[mail], [503]],
    [[rcpt], [503]],
    [["DATA"], [503]],
    [["AUTH PLAIN"], [503]],
    [[hello, rcpt], [250, 503]],
    [[hello, "DATA"], [250, 503]],
    [[hello, mail, mail], [250, 250, 503]],
    [[hello, mail, "DATA"], [250, 250, 554]],
    [[hello, mail, rcpt, "DATA"], [250, 250, 250, 354]],
    [[hello, mail, rcpt, "RSET", rcpt], [250, 250, 250, 250, 503]],
    [[hello, mail, rcpt, hello, rcpt], [250, 250, 250, 250, 503]],
    [[hello, mail, "STARTTLS"], [250, 250, 503]],
    [[hello, mail, "QUIT"], [250, 250, 221]],
    [["HELO c", mail, rcpt], [250, 250, 250]],
    [["LHLO c"], [500]],
    [["EHLO bad.example", mail], [550, 503]],
    [[hello, "STARTTLS", mail, hello, mail], [250, 220, 503, 250, 250]],
    [[hello, "STARTTLS", "STARTTLS"], [250, 220, 503]],
    [[hello, "MAIL FROM:<a@b> SIZE=1000000"], [250, 250]],
    [[hello, "MAIL FROM:<a@b> SIZE=1000001"], [250, 552]],
    [[hello, "MAIL FROM:<ä@b>"], [250, 553]],
    [[hello, "MAIL FROM:<ä@b> SMTPUTF8", "RCPT TO:<dörte@example.test>"], [250, 250, 250]],
    [[hello, mail, "RCPT TO:<dörte@example.test>"], [250, 250, 553]],
    [[hello, mail, ...Array<string>(6).fill(rcpt)], [250, 250, 250, 250, 250, 250, 250, 452]],
    [[hello, mail, "RCPT TO:<throws@example.test>"].slice(0, 2), [250, 250]],
  ];
  for (const [lines, want] of table) assertEquals(await codes({}, lines), want, lines.join(" / "));
});

Deno.test("SmtpSession offers and takes AUTH only where it may", async () => {
  const good = `AUTH PLAIN ${btoa("\0alice@example.test\0secret")}`;
  const bad = `AUTH PLAIN ${btoa("\0alice@example.test\0wrong")}`;
  const mail = "MAIL FROM:<a@b>";
  const clear: RigOptions = { settings: { cleartextLoopback: true } };
  const table: [RigOptions, string[], number[]][] = [
    [{ listener: "submissions" }, ["EHLO c", mail], [250, 530]],
    [{ listener: "submissions" }, ["EHLO c", good, mail], [250, 235, 250]],
    [{ listener: "submissions" }, ["EHLO c", good, good], [250, 235, 503]],
    [{ listener: "submissions" }, ["EHLO c", bad, mail], [250, 535, 530]],
    [{ listener: "submissions" }, ["EHLO c", "AUTH LOGIN", btoa("bob@example.test"), btoa("secret")], [
      250,
      334,
      334,
      235,
    ]],
    [{ listener: "submissions" }, ["EHLO c", "AUTH LOGIN", "*", "AUTH PLAIN", "*", mail], [
      250,
      334,
      501,
      334,
      501,
      530,
    ]],
    [{ listener: "submissions" }, ["EHLO c", "AUTH PLAIN", "!", "AUTH PLAIN =", "AUTH PLAIN AGE"], [
      250,
      334,
      501,
      501,
      501,
    ]],
    [{ listener: "submissions" }, ["EHLO c", "AUTH CRAM-MD5", "AUTH SCRAM-SHA-256 x"], [250, 504, 504]],
    [{ listener: "submissions" }, [
      "EHLO c",
      `AUTH PLAIN ${btoa("\0slow\0x")}`,
      `AUTH PLAIN ${btoa("\0temp\0x")}`,
    ], [250, 454, 454]],
    [{ listener: "submissions" }, [
      "EHLO c",
      `AUTH PLAIN ${btoa("bob@example.test\0alice@example.test\0secret")}`,
    ], [250, 535]],
    [{ listener: "submissions" }, ["EHLO c", good, "EHLO c", mail], [250, 235, 250, 250]],
    [{ listener: "submission" }, ["EHLO c", good, mail], [250, 538, 530]],
    [{ listener: "submission" }, ["EHLO c", "STARTTLS", "EHLO c", good, mail], [250, 220, 250, 235, 250]],
    [{ listener: "submission", ...clear }, ["EHLO c", good], [250, 538]],
    [
      { listener: "submission", ...clear, remote: "127.0.0.1" },
      ["EHLO c", good, "STARTTLS", "EHLO c", mail],
      [250, 235, 220, 250, 530],
    ],
    [{ listener: "submission", ...clear, remote: "::1" }, ["EHLO c", good], [250, 235]],
    [{ listener: "submission", remote: "127.0.0.1" }, ["EHLO c", good], [250, 538]],
    [{ listener: "smtp", tls: true }, ["EHLO c", good], [250, 502]],
    [{ listener: "smtp", settings: { authOnSmtp: true } }, ["EHLO c", good, mail], [250, 538, 250]],
    [{ listener: "smtp", tls: true, settings: { authOnSmtp: true } }, ["EHLO c", good, mail], [
      250,
      235,
      250,
    ]],
    [{ listener: "lmtp" }, ["LHLO c", good], [250, 502]],
    [{ listener: "lmtp" }, ["EHLO c", "HELO c", mail], [500, 500, 503]],
  ];
  for (const [options, lines, want] of table) {
    assertEquals(await codes(options, lines), want, lines.join(" / "));
  }
});

Deno.test("SmtpSession tells the truth in EHLO", async () => {
  const table: [RigOptions, boolean, boolean][] = [
    [{}, true, false],
    [{ settings: { startTlsAvailable: () => false } }, false, false],
    [{ tls: true }, false, false],
    [{ listener: "submission" }, true, false],
    [{ listener: "submission", tls: true }, false, true],
    [{ listener: "submissions" }, false, true],
    [{ settings: { authOnSmtp: true } }, true, false],
    [{ settings: { authOnSmtp: true }, tls: true }, false, true],
    [{ listener: "submission", settings: { cleartextLoopback: true }, remote: "127.0.0.1" }, true, true],
    [{ listener: "submission", settings: { cleartextLoopback: true }, remote: "192.0.2.1" }, true, false],
  ];
  for (const [options, tls, auth] of table) {
    const rig = new Rig(options);
    const session = new SmtpSession(rig.settings, rig.ports, rig.conn);
    const { lines } = (await session.command(utf8("EHLO c"))).reply;
    assertEquals(
      [lines.includes("STARTTLS"), lines.includes("AUTH PLAIN LOGIN")],
      [tls, auth],
      JSON.stringify(options),
    );
    const always = ["PIPELINING", "SIZE 1000000", "8BITMIME", "CHUNKING", "BINARYMIME", "SMTPUTF8"];
    for (const word of [...always, "ENHANCEDSTATUSCODES"]) assert(lines.includes(word));
  }
});

Deno.test("SmtpSession hangs up on those who err, guess or waste time", async () => {
  const last = async (options: RigOptions, head: string[], line: string, max: number): Promise<number> => {
    for (let n = 1; n <= max; n++) {
      const all = await codes(options, [...head, ...Array<string>(n).fill(line)]);
      if (all.at(-1) === 421) return n;
    }
    return -1;
  };
  assertEquals(await last({}, [], "XYZZY", 20), 11);
  assertEquals(await last({}, [], "NOOP", 120), 101);
  assertEquals(await last({}, ["EHLO c", "MAIL FROM:<a@b>"], "RCPT TO:<x@example.test>", 120), 101);
  assertEquals(await last({ listener: "submissions" }, ["EHLO c"], `AUTH PLAIN ${btoa("\0a\0b")}`, 20), 5);
  assertEquals(await last({}, [], "GET / HTTP/1.1", 2), 1);
  // What was pipelined after a refused MAIL is nobody's error.
  assertEquals(await last({}, ["EHLO c", "MAIL FROM:<refused@b>"], "RCPT TO:<alice@example.test>", 50), -1);
});

Deno.test("SmtpSession knows a device by its address: no AUTH, and the same after STARTTLS", async () => {
  const device: RigOptions = { listener: "submission", settings: { account: "alice@example.test" } };
  const mail = ["MAIL FROM:<a@b>", "RCPT TO:<alice@example.test>"];
  assertEquals(await codes(device, ["HELO c", ...mail]), [250, 250, 250]);
  assertEquals(await codes(device, ["EHLO c", "AUTH PLAIN"]), [250, 503]);
  assertEquals(await codes(device, ["EHLO c", "STARTTLS", "EHLO c", ...mail]), [250, 220, 250, 250, 250]);
  assertEquals(await codes({ listener: "submission" }, ["EHLO c", ...mail]), [250, 530, 503]);
});
