import fc from "fast-check";
import { type Notices, View } from "../../mod/imap/view.ts";
import { FLAGGED, type MailboxChange, type Message, SEEN } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";

interface Mutable {
  readonly uid: number;
  flags: number;
  readonly size: number;
  readonly internalDate: number;
}

/** The part of a mailbox that views look at, and its listeners. */
class FakeFolder {
  messages: Mutable[] = [];
  #next = 1;
  #recentMark = 0;
  readonly listeners: ((change: MailboxChange) => void)[] = [];

  constructor(count = 0) {
    this.add(count);
  }

  claimRecent(): number {
    const from = this.#recentMark;
    this.#recentMark = this.#next - 1;
    return from;
  }

  add(count: number): void {
    const added: Mutable[] = [];
    for (let i = 0; i < count; i++) added.push({ uid: this.#next++, flags: 0, size: 1, internalDate: 0 });
    this.messages = this.messages.concat(added);
    this.#tell({ kind: "added", messages: added });
  }

  expunge(uids: readonly number[]): void {
    const gone = new Set(uids);
    const before = this.messages;
    this.messages = before.filter((m) => !gone.has(m.uid));
    this.#tell({ kind: "expunged", uids: before.filter((m) => gone.has(m.uid)).map((m) => m.uid) });
  }

  flag(messages: readonly Mutable[], flags: number, by: unknown): void {
    for (const m of messages) m.flags = flags;
    this.#tell({ kind: "flags", messages, by });
  }

  #tell(change: MailboxChange): void {
    for (const l of this.listeners) l(change);
  }
}

/** What a client makes of the notices. */
class Client {
  readonly seen: { uid: number; flags: number }[] = [];
  exists: number;

  constructor(view: View) {
    this.exists = view.count;
    this.learn(view);
  }

  learn(view: View): void {
    for (let seq = this.seen.length + 1; seq <= this.exists; seq++) {
      const m = view.at(seq) as Message;
      this.seen.push({ uid: m.uid, flags: m.flags });
    }
  }

  apply(n: Notices, view: View): void {
    for (const seq of n.expunged) {
      assert(seq >= 1 && seq <= this.exists, `expunge of ${seq} in ${this.exists}`);
      this.seen.splice(seq - 1, 1);
      this.exists--;
    }
    if (n.exists !== null) {
      assert(n.exists >= this.exists, "EXISTS below what is there");
      this.exists = n.exists;
    }
    this.learn(view);
    for (const { seq, message } of n.flags) {
      const mine = this.seen[seq - 1];
      assert(mine, `flags of ${seq} in ${this.seen.length}`);
      assertEquals(mine.uid, message.uid);
      mine.flags = message.flags;
    }
  }
}

function uids(view: View): number[] {
  return Array.from({ length: view.count }, (_, i) => view.at(i + 1)?.uid ?? 0);
}

const OPERATION = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), n: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant("expunge" as const), picks: fc.array(fc.nat(), { maxLength: 5 }) }),
  fc.record({
    kind: fc.constant("flag" as const),
    picks: fc.array(fc.nat(), { maxLength: 4 }),
    flags: fc.integer({ min: 0, max: 31 }),
    by: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({ kind: fc.constant("take" as const), view: fc.nat({ max: 1 }), expunge: fc.boolean() }),
);

Deno.test("View keeps two clients in step with a plain array, whatever happens in between", () => {
  fc.assert(
    fc.property(fc.array(OPERATION, { maxLength: 40 }), fc.nat({ max: 6 }), (operations, start) => {
      const folder = new FakeFolder(start);
      const views = [0, 1].map((token) => {
        const view = new View(folder, token);
        folder.listeners.push((c) => void view.note(c));
        return { view, client: new Client(view) };
      });
      const pick = (at: number) => folder.messages[at % Math.max(1, folder.messages.length)];
      for (const op of operations) {
        if (op.kind === "add") folder.add(op.n);
        else if (op.kind === "expunge") folder.expunge(op.picks.flatMap((p) => pick(p)?.uid ?? []));
        else if (op.kind === "flag") {
          const messages = [...new Set(op.picks.flatMap((p) => pick(p) ?? []))];
          folder.flag(messages, op.flags, op.by === 2 ? null : op.by);
          const own = views[op.by];
          for (const m of own ? messages : []) {
            const mine = own?.client.seen.find((s) => s.uid === m.uid);
            if (mine) mine.flags = m.flags;
          }
        } else {
          const { view, client } = views[op.view] as (typeof views)[0];
          const before = client.seen.length;
          const notices = view.take(op.expunge);
          if (!op.expunge) assertEquals(notices.expunged.length, 0);
          client.apply(notices, view);
          assertEquals(uids(view), client.seen.map((s) => s.uid));
          assert(op.expunge || client.seen.length >= before);
          if (op.expunge) {
            assertEquals(uids(view), folder.messages.map((m) => m.uid));
            assertEquals(client.seen.map((s) => s.flags), folder.messages.map((m) => m.flags));
            assertEquals(view.waiting, false);
          }
          for (let seq = 1; seq <= view.count; seq++) assertEquals(view.seqOf(view.at(seq)?.uid ?? 0), seq);
        }
      }
      // Nobody's recent message is another's.
      for (const m of folder.messages) {
        assert(!views.every(({ view }) => view.isRecent(m.uid)), `UID ${m.uid} is recent twice`);
      }
      for (const { view } of views) {
        assertEquals(view.recent, uids(view).filter((uid) => view.isRecent(uid)).length);
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("View tells removals in sequence numbers that count on each other", () => {
  const folder = new FakeFolder(11);
  const view = new View(folder, null);
  folder.listeners.push((c) => void view.note(c));
  folder.expunge([11, 3, 7, 4]);
  assertEquals(view.take(false).expunged, []);
  assertEquals(view.expungeWaiting, true);
  assertEquals(view.at(3)?.uid, 3); // still counted
  assertEquals(view.take(true).expunged, [3, 3, 5, 8]); // RFC 3501 6.4.3
  assertEquals(view.take(true).expunged, []);
});

Deno.test("View tells new messages even while removals wait", () => {
  const folder = new FakeFolder(3);
  const view = new View(folder, null);
  folder.listeners.push((c) => void view.note(c));
  folder.expunge([2]);
  folder.add(2);
  const first = view.take(false);
  assertEquals([first.expunged, first.exists, first.recent], [[], 5, 5]);
  assertEquals(uids(view), [1, 2, 3, 4, 5]);
  folder.add(1);
  folder.expunge([5, 6]);
  const second = view.take(true);
  assertEquals([second.expunged, second.exists, second.recent], [[2, 4], null, 3]);
  assertEquals(uids(view), [1, 3, 4]);
});

Deno.test("View.seqsOf() finds the messages of a UID range", () => {
  const folder = new FakeFolder(6);
  folder.expunge([1, 3, 4]);
  const view = new View(folder, null);
  for (
    const [from, to, want] of [
      [1, 9, [1, 3]],
      [2, 2, [1, 1]],
      [3, 4, null],
      [3, 5, [2, 2]],
      [7, 9, null],
      [1, 1, null],
      [6, 4294967295, [3, 3]],
    ] as const
  ) {
    const got = view.seqsOf(from, to);
    assertEquals(got ? [got.first, got.last] : null, want === null ? null : [...want], `${from}:${to}`);
  }
});

Deno.test("View tells changes of flags and keywords once, but not a session's own", () => {
  const folder = new FakeFolder(3);
  const me = {};
  const view = new View(folder, me);
  folder.listeners.push((c) => void view.note(c));
  folder.flag(folder.messages.slice(0, 1), SEEN, me);
  assertEquals(view.waiting, false);
  folder.flag(folder.messages.slice(1), FLAGGED, "other");
  folder.flag(folder.messages.slice(1, 2), SEEN, null);
  view.note({ kind: "keywords" });
  const told = view.take(false);
  assertEquals(told.keywords, true);
  assertEquals(told.flags.map(({ seq, message }) => [seq, message.flags]), [[2, SEEN], [3, FLAGGED]]);
  folder.flag(folder.messages.slice(1, 2), 0, null);
  view.flagsTold(folder.messages[1] as Message);
  assertEquals(view.waiting, false);
});

Deno.test("View handles 100,000 messages without a cost per message for each change", () => {
  const folder = new FakeFolder(100_000);
  const view = new View(folder, null);
  folder.listeners.push((c) => void view.note(c));
  folder.expunge(folder.messages.filter((m) => m.uid % 2 === 0).map((m) => m.uid));
  const expunged = view.take(true).expunged;
  assertEquals(expunged.length, 50_000);
  assertEquals(expunged.slice(0, 3), [2, 3, 4]);
  assertEquals(view.count, 50_000);
  assertEquals(view.at(50_000)?.uid, 99_999);
  folder.flag(folder.messages, SEEN, null);
  assertEquals(view.take(false).flags.length, 50_000);
  folder.add(1);
  assertEquals(view.take(false).exists, 50_001);
  assertEquals(view.seqOf(100_001), 50_001);
});

Deno.test("View stays right when the mailbox is ahead of its notices, or appends in place", () => {
  const folder = new FakeFolder(4);
  const view = new View(folder, null);
  // Two removals are in the list already, one has been told.
  folder.messages = folder.messages.filter((m) => m.uid !== 1 && m.uid !== 3);
  view.note({ kind: "expunged", uids: [3] });
  assertEquals(view.take(true).expunged, [3]);
  assertEquals(uids(view), [1, 2, 4]);
  assertEquals(view.seqOf(4), 3);
  view.note({ kind: "expunged", uids: [1] });
  assertEquals(view.take(true).expunged, [1]);
  assertEquals(uids(view), [2, 4]);
  folder.messages.push({ uid: 9, flags: 0, size: 1, internalDate: 0 });
  assertEquals([view.count, view.seqOf(9), view.list.length, view.lastUid], [2, 0, 2, 4]);
  assertEquals(view.take(false).exists, 3);
  assertEquals(view.list.length, 3);
});
