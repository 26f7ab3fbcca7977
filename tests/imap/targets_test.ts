import { utf8 } from "../../mod/base/bytes.ts";
import type { NumberRange } from "../../mod/imap/set.ts";
import { Selected } from "../../mod/imap/selected.ts";
import { targetRanges, targetUids } from "../../mod/imap/targets.ts";
import { type SetRange, STAR } from "../../mod/imap/types.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { DELETED, SEEN } from "../../mod/store/store.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFolder } from "../support/mem_folder.ts";

/** A mailbox with UIDs 2, 3, 5 and 8. */
async function box(): Promise<Selected> {
  const folder = new MemFolder("INBOX", 1, () => null);
  await folder.add(Array.from({ length: 8 }, () => ({ bytes: utf8("x"), flags: NO_FLAGS, internalDate: 0 })));
  await folder.expunge([1, 4, 6, 7]);
  return new Selected(folder, false, () => {});
}

const PORTS = { clock: new FakeClock(), pause: () => Promise.resolve() };

function uidsOf(box: Selected, ranges: readonly NumberRange[], having?: number): Promise<number[]> {
  return targetUids({ box, ports: PORTS }, ranges, having);
}

function set(...pairs: readonly (readonly [number, number])[]): { ranges: SetRange[] } {
  return { ranges: pairs.map(([from, to]) => ({ from, to })) };
}

Deno.test("targetRanges() resolves sequence numbers, and refuses what is out of range", async () => {
  const rows = [
    [set([1, STAR]), [2, 3, 5, 8]],
    [set([4, 2]), [3, 5, 8]],
    [set([STAR, STAR], [1, 1], [1, 2]), [2, 3, 8]],
    [set([5, 5]), null],
    [set([1, 9]), null],
    [set([9, STAR]), null],
  ] as const;
  const selected = await box();
  for (const [wanted, uids] of rows) {
    const ranges = targetRanges(selected, wanted, false);
    assertEquals(ranges && await uidsOf(selected, ranges), uids && [...uids]);
  }
});

Deno.test("targetRanges() skips UIDs that are not there", async () => {
  const rows = [
    [set([1, STAR]), [2, 3, 5, 8]],
    [set([4, 7]), [5]],
    [set([6, 7], [1, 1]), []],
    [set([99, STAR]), [8]],
    [set([3, 3], [8, 5]), [3, 5, 8]],
    [set([9, 4294967295]), []],
  ] as const;
  const selected = await box();
  for (const [wanted, uids] of rows) {
    assertEquals(await uidsOf(selected, targetRanges(selected, wanted, true) ?? []), [...uids]);
  }
});

Deno.test("targetRanges() finds nothing in an empty mailbox", async () => {
  const selected = new Selected(new MemFolder("INBOX", 1, () => null), false, () => {});
  assertEquals(targetRanges(selected, set([1, STAR]), false), null);
  assertEquals(targetRanges(selected, set([1, STAR]), true), []);
  assertEquals(await uidsOf(selected, []), []);
});

Deno.test("targetUids() gives those that have a flag", async () => {
  const selected = await box();
  await selected.mailbox.setFlags([3, 8], 0, DELETED | SEEN, null);
  await selected.mailbox.setFlags([5], 0, SEEN, null);
  assertEquals(await uidsOf(selected, [{ low: 1, high: 3 }], DELETED), [3]);
  assertEquals(await uidsOf(selected, [{ low: 1, high: 4 }], DELETED), [3, 8]);
});
