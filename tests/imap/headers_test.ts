import { fromUtf8 } from "../../mod/base/bytes.ts";
import { Headers } from "../../mod/imap/headers.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeMailbox } from "./fake_mailbox.ts";
import { latin1 } from "./pieces.ts";

function texts(kept = new Map<number, Uint8Array>()) {
  return {
    get: ({ uid }: { uid: number }) => kept.get(uid) ?? null,
    put: ({ uid }: { uid: number }, _: string, text: Uint8Array) => void kept.set(uid, text),
    kept,
  };
}

Deno.test("Headers reads a header once, however the message is to be had", async () => {
  const large = `Subject: large\r\n\r\n${"x".repeat(300_000)}`;
  for (const how of ["now", "later"] as const) {
    const mailbox = new FakeMailbox(latin1("Subject: One\r\n\r\nbody"), latin1(large));
    mailbox.how = how;
    const index = { texts: texts() };
    const ports = { mailbox, clock: { monotonic: () => 0 }, pause: () => Promise.resolve() };
    for (let round = 0; round < 2; round++) {
      const headers = new Headers({ ...ports, index });
      const subjects: (string | undefined)[] = [];
      for (const message of mailbox.view) subjects.push((await headers.read(message))?.subject);
      assertEquals(subjects, ["one", "large"]);
    }
    assertEquals(mailbox.reads, 2);
    assert(mailbox.octetsRead < 150_000);
    assertEquals(mailbox.open, 0);
    assert(fromUtf8(index.texts.kept.get(10) ?? new Uint8Array()).includes('"one"'));
    const [first] = mailbox.view;
    assert(first);
    assertEquals((await new Headers(ports).read(first))?.subject, "one", "without an index");
    mailbox.how = "gone";
    assertEquals(await new Headers(ports).read(first), null);
  }
});

Deno.test("Headers of two sessions at once keep each to their own, though octets are valid until the next reading only", async () => {
  const shared = new Uint8Array(64);
  const read = async (name: string) => {
    const mailbox = new FakeMailbox(
      ...Array.from({ length: 20 }, (_, i) => latin1(`Subject: ${name}${i}\r\n\r\n`)),
    );
    const headerNow = (uid: number) => {
      const now = mailbox.contentNow(uid);
      if (now) shared.fill(0).set(now);
      return now && shared.subarray(0, now.length);
    };
    const ports = { clock: { monotonic: () => 0 }, pause: () => Promise.resolve() };
    const headers = new Headers({
      ...ports,
      mailbox: { content: (uid) => mailbox.content(uid), contentNow: headerNow, headerNow },
    });
    const subjects: (string | undefined)[] = [];
    for (const message of mailbox.view) subjects.push((await headers.read(message))?.subject);
    return subjects;
  };
  const names = ["ann", "bob"];
  const expected = names.map((name) => Array.from({ length: 20 }, (_, i) => `${name}${i}`));
  assertEquals(await Promise.all(names.map(read)), expected);
});
