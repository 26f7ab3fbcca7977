import {
  changeSubscriptions,
  parseSubscriptions,
  SubscriptionFile,
} from "../../mod/maildir/subscription_file.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { fileText, portsOn } from "./support.ts";

Deno.test("parseSubscriptions() reads both versions of the file", () => {
  assertEquals(parseSubscriptions("V\t2\n\nINBOX\nB&APw-ro\tx\n", "."), ["INBOX", "Büro.x"]);
  assertEquals(parseSubscriptions("B&APw-ro.x\nINBOX\ninbox\n", "/"), ["INBOX", "Büro/x"]);
  assertEquals(parseSubscriptions("V\t2\n\n&bad\n\t\n../x\n", "."), []);
  assertEquals(parseSubscriptions("", "."), []);
  // Others' mailboxes, as Dovecot has them.
  const shared = "V\t2\n\nshared\talice@example.org\tSent\tOld\n";
  assertEquals(parseSubscriptions(shared, "/"), ["shared/alice@example.org/Sent/Old"]);
  assertEquals(parseSubscriptions(shared, "."), ["shared.alice@example^org.Sent.Old"]);
});

Deno.test("changeSubscriptions() keeps what it does not understand, and says when nothing changes", () => {
  const text = "V\t2\n\n&bad\nA\tb\n";
  assertEquals(changeSubscriptions(text, "/", ["A/b"], true), null);
  assertEquals(changeSubscriptions(text, "/", ["Ü/c"], true), "V\t2\n\n&bad\nA\tb\n&ANw-\tc\n");
  assertEquals(changeSubscriptions(text, "/", ["A/b"], false), "V\t2\n\n&bad\n");
  for (const [separator, name] of [[".", "shared.a@b^c.D.e"], ["/", "shared/a@b.c/D/e"]] as const) {
    const added = changeSubscriptions(text, separator, [name], true);
    assertEquals(added, `${text}shared\ta@b.c\tD\te\n`);
    assertEquals(changeSubscriptions(added ?? "", separator, [name], false), text);
  }
  assertEquals(changeSubscriptions("A.b\nC\n", ".", ["C"], false), "V\t2\n\nA\tb\n");
});

Deno.test("SubscriptionFile loses no change of two who write at once", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/d"] });
  const file = new SubscriptionFile(portsOn(fs, clock), "/d");
  await Promise.all(["a", "b", "c"].map((name) => file.change([name], true)));
  await file.change(["b"], false);
  assertEquals(await file.names(), ["a", "c"]);
  assertEquals(await fileText(fs.afterCrash("synced-only"), "/d/subscriptions"), "V\t2\n\na\nc\n");
});
