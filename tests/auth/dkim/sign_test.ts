import fc from "fast-check";
import { type Body, memoryBody } from "../../../mod/base/body.ts";
import { fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { scanHeader } from "../../../mod/mail/header.ts";
import { signedNames, signMessage, type SignOptions } from "../../../mod/auth/dkim/sign.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { zone } from "../../support/zone.ts";
import { makePair, told, verify } from "./crafted.ts";

const ed = await makePair("ed25519");
const rsa = await makePair("rsa");
const SIGNINGS = [
  { domain: "example.org", selector: "r", key: rsa.key },
  { domain: "example.org", selector: "e", key: ed.key },
];
const dns = zone({
  "r._domainkey.example.org": { TXT: [`v=DKIM1; p=${rsa.p}`] },
  "e._domainkey.example.org": { TXT: [`v=DKIM1; k=ed25519; p=${ed.p}`] },
});
const MESSAGE = "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: Hi\r\nDate: today\r\n\r\nHello\r\n";

async function sign(
  message: string,
  options: SignOptions = { time: 1000 },
  signings = SIGNINGS,
): Promise<string> {
  const field = await signMessage(memoryBody(utf8(message)), signings, options);
  assert(field);
  return fromUtf8(field);
}

Deno.test("signMessage() signs with each key, in lines of 78 characters at most", async () => {
  const fields = await sign(MESSAGE, { time: 1000, expires: 2000 });
  const signed = fields.replaceAll("\r\n ", " ").split("\r\n");
  assertEquals(signed.length, 3);
  assertMatch(
    signed[0] ?? "",
    /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=example\.org; s=r; t=1000; x=2000; h=/,
  );
  assertMatch(
    signed[1] ?? "",
    /^DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed\/relaxed; d=example\.org; s=e; /,
  );
  for (const line of fields.split("\r\n")) assert(line.length <= 78 && line === line.trimEnd(), line);
  assertEquals((await verify(fields + MESSAGE, dns)).map(told), ["pass", "pass"]);
  const timeless = await sign(MESSAGE, { time: null });
  assert(!/ [tx]=/.test(timeless));
});

Deno.test("signedNames() names each field once more than it occurs, lists only where they occur", () => {
  const names = (header: string): string => signedNames(scanHeader(utf8(header))).join(":");
  const rest = "Reply-To:In-Reply-To:References:MIME-Version:Content-Type:Content-Transfer-Encoding";
  assertEquals(names("From: a\r\n\r\n"), `From:From:Subject:To:Cc:Date:Message-ID:${rest}`);
  assertEquals(
    names("To: a\r\nFROM: a\r\nX: y\r\nto: b\r\nList-Unsubscribe: <x>\r\nSender: z\r\nReceived: w\r\n\r\n"),
    `From:From:Subject:To:To:To:Cc:Date:Message-ID:${rest}:List-Unsubscribe:List-Unsubscribe`,
  );
});

Deno.test("signMessage() over-signs: a second From, Subject or To breaks it, whatever is added above or below", async () => {
  const signed = await sign(MESSAGE) + MESSAGE;
  for (const name of ["From", "Subject", "To", "Cc", "Date", "Reply-To", "Content-Type"]) {
    const above = `${name}: x\r\n${signed}`;
    const below = signed.replace("\r\n\r\n", `\r\n${name}: x\r\n\r\n`);
    for (const message of [above, below]) {
      assertEquals((await verify(message, dns)).map((o) => o.result), ["fail", "fail"], name);
    }
  }
  const passed = `Received: x\r\nSender: list@example.com\r\nList-ID: <x>\r\n${signed}`;
  assertEquals((await verify(passed, dns)).map(told), ["pass", "pass"]);
});

Deno.test("signMessage() takes odd messages: no header, no body, no line end, other alphabets, endless addresses", async () => {
  for (
    const message of [
      "",
      "\r\n",
      "\r\nbody",
      "From: a@example.org\r\n",
      "From: a@example.org\r\n\r\n",
      "From: a@example.org\r\n\r\nbody",
      "From: J\u00f6rg <j\u00f6rg@example.org>\r\nSubject: \u{1f600}\r\n\r\n\u{1f600}\r\n",
      `${"To: x@example.net\r\n".repeat(500)}From: a@example.org\r\n\r\n`,
      " folded: nonsense\r\nFrom: a\r\nno field\r\n\r\n",
    ]
  ) {
    const fields = await sign(message);
    const outcomes = await verify(fields + (message.startsWith(" ") ? `\r\n${message}` : message), dns);
    if (!message.startsWith(" ")) {
      assertEquals(outcomes.map(told), ["pass", "pass"], JSON.stringify(message.slice(0, 50)));
    }
  }
  const header = utf8(`X: ${"x".repeat(1024 * 1024)}\r\n\r\n`);
  assertEquals(await signMessage(memoryBody(header), SIGNINGS, { time: 0 }), null);
});

Deno.test("signMessage() streams what is not in memory", async () => {
  const bytes = utf8(MESSAGE);
  const body: Body = {
    size: bytes.length,
    memory: null,
    async *stream() {
      const block = new Uint8Array(7);
      for (let at = 0; at < bytes.length; at += 7) {
        const piece = bytes.subarray(at, at + 7);
        block.set(piece);
        yield block.subarray(0, piece.length);
      }
    },
    dispose: () => Promise.resolve(),
  };
  const fields = await signMessage(body, SIGNINGS, { time: 1000 });
  // Ed25519 and PKCS #1 are deterministic.
  assertEquals(fields && fromUtf8(fields), await sign(MESSAGE));
});

/** Canonical forms as RFC 6376 3.4 words them, by other means than the code under test. */
function relaxedHeader(field: string): string {
  const colon = field.indexOf(":");
  const value = field.slice(colon + 1).replace(/\r\n/g, "").replace(/[ \t]+/g, " ").trim();
  return `${field.slice(0, colon).trimEnd().toLowerCase()}:${value}`;
}

function relaxedBody(body: string): string {
  const lines = body.split("\r\n").map((line) => line.replace(/[ \t]+/g, " ").replace(/ $/, ""));
  return lines.join("\r\n").replace(/(\r\n)*$/, "");
}

Deno.test("a change breaks signatures exactly when the canonical form differs", async () => {
  const canon = fc.constantFrom("simple" as const, "relaxed" as const);
  const blank = fc.constantFrom(" ", "  ", "\t", "\r\n ", "\r\n\t ");
  const text = fc.array(fc.oneof(fc.stringMatching(/^[!-~]{1,6}$/), blank), { maxLength: 6 })
    .map((parts) => parts.join("").replace(/\s+$/, ""));
  const body = fc.array(fc.constantFrom("a", "b", " ", "\t", "\r\n", "\r\n\r\n"), { maxLength: 12 }).map((
    p,
  ) => p.join(""));
  const insertion = fc.constantFrom(" ", "\t", "\r\n", "x", "  ", "");
  await fc.assert(
    fc.asyncProperty(
      canon,
      canon,
      text,
      body,
      insertion,
      fc.nat(),
      fc.boolean(),
      async (headerCanon, bodyCanon, value, text, added, place, inBody) => {
        const field = `Subject:${value}\r\n`;
        const head = "From: a@example.org\r\n";
        const signed = await sign(
          `${head}${field}\r\n${text}`,
          { time: null, headerCanon, bodyCanon },
          SIGNINGS.slice(1),
        );
        const put = (into: string, least: number): string => {
          const at = least + place % (into.length - least + 1);
          return into.slice(0, at) + added + into.slice(at);
        };
        // A line end may only come where it folds; before the CRLF at the field's end nothing else is at stake.
        const wanted = added === "\r\n" ? "\r\n " : added;
        const before = field.slice(0, -2);
        const at = "Subject:".length + place % (before.length - "Subject:".length + 1);
        const candidate = before.slice(0, at) + wanted + before.slice(at);
        const changedField = inBody || /\r\n(?![ \t])|\r(?!\n)/.test(candidate) ? before : candidate;
        const changedBody = inBody ? put(text, 0) : text;
        const sameHeader = headerCanon === "simple"
          ? changedField === before
          : relaxedHeader(changedField) === relaxedHeader(before);
        const trimmed = (s: string): string => s.replace(/(\r\n)*$/, "");
        const sameBody = bodyCanon === "simple"
          ? trimmed(changedBody) === trimmed(text)
          : relaxedBody(changedBody) === relaxedBody(text);
        const [outcome] = await verify(`${signed}${head}${changedField}\r\n\r\n${changedBody}`, dns);
        assertEquals(outcome?.result, sameHeader && sameBody ? "pass" : "fail");
      },
    ),
    { numRuns: 400 },
  );
});
