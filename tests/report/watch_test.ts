import { memoryBody } from "../../mod/base/body.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { REPORT_MAIL } from "../../mod/base/limits.ts";
import { watched } from "../../mod/report/watch.ts";
import type { Receiver, Transaction } from "../../mod/smtp/ports.ts";
import { REPLY } from "../../mod/smtp/reply.ts";
import { assertEquals } from "../support/assert.ts";

const REPORT = utf8("Subject: Report Domain: example.test\r\n\r\nhi\r\n");

/** As much of a transaction as the watch looks at. */
function transaction(account: string | null): Transaction {
  return { id: "m1", client: { account } } as Transaction;
}

async function kept(octets: Uint8Array, account: string | null = null, code = 250): Promise<string[]> {
  const all: string[] = [];
  const reply = { ...REPLY.recipientLater, code };
  const receiver: Receiver = { receive: () => Promise.resolve({ reply, each: null }) };
  const outcome = await watched(receiver, (m, id) => all.push(`${id} ${fromUtf8(m).length}`))
    .receive(transaction(account), memoryBody(octets.subarray(0, 10), octets.subarray(10)));
  assertEquals(outcome.reply.code, code);
  return all;
}

Deno.test("watched() gives reports from outside on once they are accepted, and nothing else", async () => {
  assertEquals(await kept(REPORT), [`m1 ${REPORT.length}`]);
  assertEquals(await kept(REPORT, "alice@example.test"), []);
  assertEquals(await kept(REPORT, null, 451), []);
  assertEquals(await kept(utf8("Subject: hi\r\n\r\nReport Domain: x\r\n")), []);
  const large = new Uint8Array(REPORT_MAIL + 1);
  large.set(REPORT);
  assertEquals(await kept(large), []);
});

Deno.test("watched() passes on who wants to see messages as they come", async () => {
  const tap = { write: () => true };
  const receiver: Receiver = { begin: () => tap, receive: () => Promise.reject(new Error("x")) };
  assertEquals(await watched(receiver, () => {}).begin?.(transaction(null)), tap);
  const plain: Receiver = { receive: receiver.receive };
  assertEquals(watched(plain, () => {}).begin, undefined);
});
