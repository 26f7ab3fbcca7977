import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import {
  beginsFolded,
  fixSubmission,
  hasEightBit,
  hasUtf8Header,
  headerOf,
  receivedField,
  returnPathField,
  wantsNoTls,
  withHead,
} from "../../mod/inbound/head.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { bodyOf, directory, spooledBody, textOf, TLS, transaction } from "./rig.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

Deno.test("receivedField() tells where mail came from, but not where our own people sit", () => {
  const text = (o: Parameters<typeof transaction>[0]) =>
    fromUtf8(receivedField(transaction(o), "mx.example.test", NOW));
  const outside = text({});
  assertMatch(outside, /^Received: from client\.example \(\[192\.0\.2\.1\]\)/);
  assertMatch(
    outside,
    /by mx\.example\.test with ESMTP id trace1\r\n\tfor <alice@example\.test>;\r\n\tFri, 2 Jan 2026 03:04:05 \+0000\r\n$/,
  );
  const inside = text({ account: "alice@example.test", to: ["a@x", "b@x"] });
  assert(!inside.includes("192.0.2.1") && !inside.includes("client.example") && !inside.includes("for <"));
  const table: [Parameters<typeof transaction>[0], string][] = [
    [{ client: { extended: false } }, "SMTP"],
    [{ client: { tls: TLS } }, "ESMTPS"],
    [{ account: "a@b" }, "ESMTPSA"],
    [{ account: "a@b", client: { tls: null } }, "ESMTPA"],
    [{ smtpUtf8: true }, "UTF8SMTP"],
    [{ account: "a@b", smtpUtf8: true }, "UTF8SMTPSA"],
    [{ listener: "lmtp" }, "LMTP"],
    [{ listener: "lmtp", client: { tls: TLS } }, "LMTPS"],
  ];
  for (const [options, protocol] of table) assert(text(options).includes(` with ${protocol} `), protocol);
});

Deno.test("receivedField() and returnPathField() cannot be injected into", () => {
  for (const helo of ["a\r\nX: y", "a(b", "a;b", "a\\", "[1.2.3.4]) x"]) {
    const lines = fromUtf8(receivedField(transaction({ client: { helo } }), "mx", NOW)).split("\r\n").slice(
      0,
      -1,
    );
    assert(lines.every((l, i) => i === 0 ? l.startsWith("Received: ") : l.startsWith("\t")), helo);
  }
  assertEquals(fromUtf8(returnPathField(null)), "Return-Path: <>\r\n");
  assertEquals(fromUtf8(returnPathField({ local: 'a"b', domain: "c" })), 'Return-Path: <"a\\"b"@c>\r\n');
});

Deno.test("headerOf() takes the header off memory and spool alike", async () => {
  for (
    const [text, header] of [["A: b\r\n\r\nbody", "A: b\r\n\r\n"], ["A: b\r\n", "A: b\r\n"], ["", ""], [
      "\r\nx",
      "\r\n",
    ]] as const
  ) {
    assertEquals(fromUtf8(await headerOf(bodyOf(text))), header);
    for (const piece of [1, 3, 100]) assertEquals(fromUtf8(await headerOf(spooledBody(text, piece))), header);
  }
});

Deno.test("fixSubmission() lets accounts write as themselves only", () => {
  const fix = (header: string) =>
    fixSubmission(
      utf8(header),
      "alice@example.test",
      transaction({ account: "alice@example.test", sender: "alice@example.test" }),
      directory(),
      "mx",
      NOW,
    );
  const table: [string, boolean][] = [
    ["From: Alice <alice@example.test>\r\n\r\n", true],
    ["from: ALICE+x@Example.Test\r\n\r\n", true],
    ["From: sales@example.test\r\n\r\n", true],
    ['From: "alice"@example.test (Alice)\r\n\r\n', true],
    ["Subject: no From\r\n\r\n", true],
    ["From: bob@example.test\r\n\r\n", false],
    ["From: alice@example.test, bob@example.test\r\n\r\n", false],
    ["From: alice@example.test\r\nFrom: bob@example.test\r\n\r\n", false],
    ["From: Alice\r\n <bob@example.test>\r\n\r\n", false],
    ["From: x@far.example\r\n\r\n", false],
    ["From:\r\n\r\n", false],
    ["From: Printer\r\n\r\n", false],
    ["From: friends: alice@example.test;\r\n\r\n", false],
    ["From : bob@example.test\r\n\r\n", false],
  ];
  for (const [header, ok] of table) assertEquals(fix(header).ok, ok, header);
});

Deno.test("fixSubmission() adds what is missing and takes out what is private", async () => {
  const t = transaction({ account: "alice@example.test", sender: "alice@example.test" });
  const fix = async (text: string): Promise<string> => {
    const body = bodyOf(text);
    const fixed = fixSubmission(await headerOf(body), "alice@example.test", t, directory(), "mx", NOW);
    assert(fixed.ok);
    const spooled = await textOf(withHead(fixed.value.head, fixed.value.skip, spooledBody(text)));
    assertEquals(await textOf(withHead(fixed.value.head, fixed.value.skip, body)), spooled);
    return spooled;
  };
  const whole = "From: alice@example.test\r\nDate: x\r\nMessage-ID: <a@b>\r\n\r\nbody\r\n";
  assertEquals(await fix(whole), whole);
  const mended = await fix(
    "Subject: s\r\nUser-Agent: Secret/1\r\nBcc: hidden@far.example\r\n more@far.example\r\nX-Originating-IP: 10.0.0.1\r\n\r\nUser-Agent: stays in the body\r\n",
  );
  assertMatch(
    mended,
    /^Date: Fri, 2 Jan 2026 03:04:05 \+0000\r\nFrom: alice@example\.test\r\nMessage-ID: <trace1@example\.test>\r\nSubject: s\r\n\r\nUser-Agent: stays in the body\r\n$/,
  );
  // A message without header: its first line does not become one.
  assertMatch(await fix("hello\r\nworld\r\n"), /\r\n\r\nhello\r\nworld\r\n$/);
  assertMatch(await fix("\r\nhello\r\n"), />\r\n\r\nhello\r\n$/);
});

Deno.test("fixSubmission() keeps what tells of the sender's machine where that is wanted, and never Bcc", async () => {
  const t = transaction({ account: "alice@example.test", sender: "alice@example.test" });
  const kept = "From: alice@example.test\r\nDate: x\r\nMessage-ID: <a@b>\r\nUser-Agent: Old/1\r\n";
  const body = bodyOf(`${kept}Bcc: hidden@far.example\r\n\r\nbody\r\n`);
  const fixed = fixSubmission(await headerOf(body), "alice@example.test", t, directory(), "mx", NOW, false);
  assert(fixed.ok);
  assertEquals(await textOf(withHead(fixed.value.head, fixed.value.skip, body)), `${kept}\r\nbody\r\n`);
});

Deno.test("wantsNoTls() believes one field that says no", async () => {
  const table: [string, boolean][] = [
    ["TLS-Required: No\r\n\r\n", true],
    ["A: b\r\ntls-required:\r\n no \r\n\r\n", true],
    ["TLS-Required: yes\r\n\r\n", false],
    ["TLS-Required: no\r\nTLS-Required: no\r\n\r\n", false],
    ["A: b\r\n\r\nTLS-Required: No\r\n", false],
    ["A: b\r\n\r\n", false],
  ];
  for (const [text, want] of table) {
    assertEquals([await wantsNoTls(bodyOf(text)), await wantsNoTls(spooledBody(text))], [want, want], text);
  }
});

Deno.test("hasUtf8Header() looks at the header only", async () => {
  for (
    const [text, want] of [["A: ü\r\n\r\nb", true], ["A: b\r\n\r\nü", false], [
      "A: b\r\n\r\n",
      false,
    ]] as const
  ) {
    assertEquals([await hasUtf8Header(bodyOf(text)), await hasUtf8Header(spooledBody(text))], [want, want]);
  }
});

Deno.test("withHead() replaces the start of a body in any cut", async () => {
  const text = "0123456789";
  for (let skip = 0; skip <= 10; skip++) {
    for (const piece of [1, 3, 10]) {
      assertEquals(
        await textOf(withHead(utf8("ab"), skip, spooledBody(text, piece))),
        "ab" + text.slice(skip),
      );
    }
    assertEquals(await textOf(withHead(utf8("ab"), skip, bodyOf(text))), "ab" + text.slice(skip));
  }
});

Deno.test("hasEightBit() and beginsFolded() look at memory and spool", async () => {
  for (const make of [bodyOf, spooledBody]) {
    assertEquals(await hasEightBit(make("plain ascii\r\n".repeat(100))), false);
    assertEquals(await hasEightBit(make("plain ascii\r\n".repeat(100) + "é")), true);
    for (const [text, folded] of [[" x", true], ["\tx", true], ["x ", false], ["", false]] as const) {
      assertEquals(await beginsFolded(make(text)), folded);
    }
  }
});
