import type { Signing } from "../../mod/auth/dkim/sign.ts";
import { memoryBody } from "../../mod/base/body.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { MessageSigner } from "../../mod/inbound/message_signer.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { makePair } from "../auth/dkim/crafted.ts";

const { key } = await makePair("ed25519");

function signer(now?: number) {
  const log = new MemoryLog();
  const clock = new FakeClock(now);
  const keys = {
    of(domain: string): Promise<readonly Signing[]> {
      if (domain === "broken.test") return Promise.reject(new Error("disk"));
      return Promise.resolve(domain === "bare.test" ? [] : [{ domain, selector: "s", key }]);
    },
  };
  const ours = new Set(["a.test", "bare.test", "broken.test", "xn--bcher-kva.test"]);
  return { log, signer: new MessageSigner({ keys, ours: (d) => ours.has(d), clock, log }) };
}

Deno.test("MessageSigner signs for the domain of From, or for ours above it", async () => {
  const table: readonly (readonly [from: string, domain: string | null])[] = [
    ["A <a@a.test>", "a.test"],
    ["a@A.TEST", "a.test"],
    ["MAILER-DAEMON@mail.a.test", "a.test"],
    ["J\u00f6rg <j@B\u00fccher.test>", "xn--bcher-kva.test"],
    ["x@elsewhere.test, a@a.test", "a.test"],
    ["x@elsewhere.test", null],
    ["x@nota.test", null],
    ["a@bare.test", null],
    ["a@test", null],
    ["nobody", null],
    ["", null],
  ];
  for (const [from, domain] of table) {
    const message = utf8(`From: ${from}\r\nTo: b@b.test\r\n\r\nHi\r\n`);
    const field = fromUtf8(await signer().signer.sign(memoryBody(message)));
    assertEquals(/ d=([^;]*);/.exec(field)?.[1] ?? null, domain, from);
  }
});

Deno.test("MessageSigner tells the time only where the clock was set", async () => {
  const body = memoryBody(utf8("From: a@a.test\r\n\r\n"));
  assertMatch(fromUtf8(await signer(Date.UTC(2026, 0, 2)).signer.sign(body)), / t=1767312000;/);
  assert(!/ t=/.test(fromUtf8(await signer(1000).signer.sign(body))));
});

Deno.test("MessageSigner lets mail go unsigned rather than not at all", async () => {
  const { log, signer: own } = signer();
  assertEquals((await own.sign(memoryBody(utf8("From: a@broken.test\r\n\r\n")))).length, 0);
  assertEquals(log.lines.length, 1);
});
