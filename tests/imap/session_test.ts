import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { IMAP_ERRORS } from "../../mod/base/limits.ts";
import { ConnectionLost } from "../../mod/wire/conn.ts";
import { Output } from "../../mod/imap/output.ts";
import { ImapSession } from "../../mod/imap/session.ts";
import { RULES } from "../../mod/imap/rules.ts";
import { assertEquals, assertMatch, assertThrows } from "../support/assert.ts";
import { ALICE, imapServer } from "../support/imap_server.ts";
import { ScriptConn } from "../support/script_conn.ts";

function session(address = "127.0.0.1"): { session: ImapSession; said: () => string } {
  const server = imapServer();
  const out = new Output(() => Promise.resolve());
  const made = new ImapSession(server.ports, new ScriptConn({ address, port: 1 }), out);
  return { session: made, said: () => fromUtf8(out.take()) };
}

Deno.test("ImapSession runs each command only in the states its rule names", async () => {
  for (const [verb, rule] of Object.entries(RULES)) {
    const { session: s, said } = session();
    if (rule.in.includes("fresh")) continue;
    // Out of state nothing of a command is looked at but its verb.
    assertEquals(await s.command({ tag: "a", verb: verb as "NOOP" }), "command");
    assertEquals(said(), "a BAD Log in first\r\n", verb);
    s.authenticated(await s.ports.store.account(ALICE), ALICE);
    if (rule.in.includes("authenticated")) continue;
    await s.command({ tag: "b", verb: verb as "NOOP" });
    assertEquals(said(), "b BAD Select a mailbox first\r\n", verb);
  }
});

Deno.test("ImapSession lets passwords through by policy", () => {
  assertEquals(session("127.0.0.1").session.passwordsAllowed, true);
  assertEquals(session("::1").session.passwordsAllowed, true);
  assertEquals(session("192.0.2.1").session.passwordsAllowed, false);
  assertEquals(session("nonsense").session.passwordsAllowed, false);
});

Deno.test("ImapSession waits for the next line of a command, and for no other", async () => {
  const { session: s, said } = session();
  assertEquals(
    await s.command({ tag: "a", verb: "AUTHENTICATE", mechanism: "PLAIN", initial: null }),
    "line",
  );
  assertEquals(said(), "+ \r\n");
  assertEquals(await s.line(utf8("AGFsaWNlAHNlY3JldA==")), "command");
  assertMatch(said(), /^a OK \[CAPABILITY /);
  assertEquals(s.phase, "authenticated");
  assertEquals(await s.command({ tag: "b", verb: "LOGOUT" }), "close");
  assertEquals(s.phase, "logout");
});

Deno.test("ImapSession counts bad commands in a row", () => {
  const { session: s } = session();
  for (let i = 1; i < IMAP_ERRORS; i++) {
    assertEquals(s.reject({ kind: "bad", tag: null, text: "x" }), "command");
  }
  s.reply("a", { status: "OK", code: null, text: "x" });
  for (let i = 1; i < IMAP_ERRORS; i++) {
    assertEquals(s.refuse("a", { status: "BAD", code: null, text: "x" }), "command");
  }
  assertEquals(s.reject({ kind: "bad", tag: "a", text: "x" }), "close");
});

Deno.test("ImapSession answers every kind of parse error", () => {
  const { session: s, said } = session();
  s.reject({ kind: "charset", tag: "a", text: "x" });
  s.reject({ kind: "name", tag: "b", text: "x" });
  s.reject({ kind: "use-attr", tag: "c", text: "x" });
  assertEquals(said(), "a NO [BADCHARSET (US-ASCII UTF-8)] x\r\nb NO [CANNOT] x\r\nc NO [USEATTR] x\r\n");
});

Deno.test("ImapSession passes a lost connection on", () => {
  const { session: s } = session();
  assertThrows(() => s.fault(new ConnectionLost("reset")), "Connection lost");
  assertThrows(() => s.mail, "before authentication");
  assertThrows(() => s.box, "before one is selected");
});
