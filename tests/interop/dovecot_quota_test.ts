/** The quota of one Maildir, kept by Dovecot and Roost in turns: each believes what the other has counted. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { Dovecot, dovecotBeside, giveAll } from "../support/dovecot.ts";
import { talk } from "../support/imap_answers.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const SETTINGS = `mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=102400B
  quota_rule2 = *:messages=10
}
`;

Deno.test("Dovecot and Roost keep one quota: what the one adds or removes counts with the other", async () => {
  await using roost = await RoostProcess.start();
  await dovecotBeside(roost, ALICE);
  const maildir = roost.maildir(ALICE);
  const path = `${maildir}/maildirsize`;
  const dovecot = new Dovecot(roost.dir, maildir, SETTINGS);
  assertEquals((await roost.verb("user", "quota", ALICE, "100KB", "--messages", "10")).code, 0);
  const lines = async () => {
    const text = await Deno.readTextFile(path);
    return text.split("\n").map((l) => l.trim()).filter((l) => l !== "");
  };
  const told = (octets: Uint8Array) => {
    const text = new TextDecoder().decode(octets);
    const storage = /STORAGE (\d+) (\d+)/.exec(text);
    const message = /MESSAGE (\d+) (\d+)/.exec(text);
    return [storage, message].map((found) => found && found.slice(1, 3).map(Number));
  };
  const askRoost = (...commands: string[]) =>
    talk(roost.address, roost.ports.imap, [`LOGIN ${ALICE} secret-alice`, ...commands]);
  const askDovecot = async (...commands: string[]) => {
    await giveAll(maildir);
    return await dovecot.octets(...commands);
  };
  const QUOTA = "GETQUOTAROOT INBOX";
  const ask = async () => [told(await askRoost(QUOTA)), told(await askDovecot(QUOTA))];
  const append = (size: number) => `APPEND INBOX {${size}+}\r\n${"x".repeat(size - 2)}\r\n`;

  // Ours first: Dovecot takes the count as it is, and adds to it.
  await askRoost(append(5000), append(7000));
  assertEquals(await ask(), [[[12, 100], [2, 10]], [[12, 100], [2, 10]]]);
  const ours = await lines();
  assertEquals(ours[0], "102400S,10C");
  await askDovecot(append(3000), "SELECT INBOX", "STORE 2 +FLAGS (\\Deleted)", "EXPUNGE");
  const both = await lines();
  assertEquals(both.slice(0, ours.length), ours, "not counted anew");
  assert(both.length > ours.length);
  const [mine, theirs] = await ask();
  assertEquals(mine, theirs);
  assertEquals(mine?.[1], [2, 10]);
  assertEquals((await lines()).slice(0, both.length), both, "nor by us");

  // Theirs first.
  await Deno.remove(path);
  assertEquals(told(await askDovecot(QUOTA)), theirs);
  const counted = await lines();
  assertEquals(await ask(), [theirs, theirs]);
  assertEquals(await lines(), counted);
  await askRoost(append(2000), "SELECT INBOX", "STORE 1 +FLAGS (\\Deleted)", "EXPUNGE");
  const after = await ask();
  assertEquals(after[0], after[1]);
  assertEquals((await lines()).slice(0, counted.length), counted);

  // Full is full to both.
  for (const say of [askRoost, askDovecot]) {
    assertMatch(new TextDecoder().decode(await say(append(98_000))), /NO \[OVERQUOTA\]/);
  }
  assertEquals(dovecot.faults, []);
});
