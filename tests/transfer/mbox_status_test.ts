import { fromAscii, utf8 } from "../../mod/base/bytes.ts";
import { ANSWERED, DELETED, DRAFT, FLAGGED, SEEN } from "../../mod/store/store.ts";
import { putStatus, takeStatus } from "../../mod/transfer/mbox_status.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("takeStatus() reads the flags of all programs and leaves the message's own fields", () => {
  for (
    const [fields, system, keywords] of [
      ["Status: RO\n", SEEN, []],
      ["Status: O\nX-Status: AF\n", ANSWERED | FLAGGED, []],
      ["X-Status: TD\r\n", DRAFT | DELETED, []],
      ["X-Keywords: $Forwarded  a\n b                \n", 0, ["$Forwarded", "a", "b"]],
      ["X-Keywords: a a \\bad (no)\nX-UID: 7\n", 0, ["a"]],
      ["X-Mozilla-Status: 0007\nX-Mozilla-Keys: work\n", SEEN | ANSWERED | FLAGGED, ["work"]],
      ["X-Mozilla-Status: zz\nX-Status: ?!\n", 0, []],
    ] as const
  ) {
    const taken = takeStatus(utf8(`Subject: x\n${fields}To: y\n\n`));
    assertEquals([taken.flags.system, taken.flags.keywords], [system, [...keywords]], fields);
    assertEquals(fromAscii(taken.header), "Subject: x\nTo: y\n\n");
  }
});

Deno.test("takeStatus() knows what is removed, and what is no message", () => {
  assert(takeStatus(utf8("X-Mozilla-Status: 0009\n\n")).expunged);
  const internal = "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n";
  assert(takeStatus(utf8(`${internal}X-IMAP: 1 2\n\n`)).internal);
  assert(!takeStatus(utf8(`${internal}\n`)).internal);
});

Deno.test("putStatus() writes what takeStatus() reads", () => {
  const header = utf8("Status: RO\r\nSubject: x\r\nX-Keywords: old\r\n\r\n");
  for (let system = 0; system < 32; system++) {
    for (const keywords of [[], ["$Forwarded", "b"]]) {
      const taken = takeStatus(putStatus(header, { system, keywords }));
      assertEquals(taken.flags, { system, keywords });
      assertEquals(fromAscii(taken.header), "Subject: x\r\n\r\n");
    }
  }
});
