/** NOTIFY on a real server and a real disk: others' mail in folders nobody has open is told of while the client just listens. */
import { assert, assertMatch } from "../support/assert.ts";
import { connectTo } from "../support/hostile.ts";
import { RoostProcess } from "../support/roost_process.ts";

Deno.test("e2e: what other programs and sessions do in any folder is told to who listens (NOTIFY)", async () => {
  await using roost = await RoostProcess.start();
  const root = roost.maildir("alice@example.test");
  const [one, two] = [await connectTo(roost, "imap"), await connectTo(roost, "imap")];
  for (const client of [one, two]) {
    await client.line();
    await client.say("a LOGIN alice@example.test secret-alice\r\na CREATE Lists\r\n");
    assertMatch((await client.tagged("a")).at(-1) ?? "", /^a OK .*NOTIFY/);
    await client.tagged("a");
  }
  await one.say(
    "b SELECT INBOX\r\nc NOTIFY SET STATUS (selected (MessageNew (UID ENVELOPE) MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge FlagChange MailboxName))\r\n",
  );
  await one.tagged("b");
  const statuses = await one.tagged("c");
  assert(statuses.some((l) => /^\* STATUS Lists \(MESSAGES 0 UIDNEXT 1 .*HIGHESTMODSEQ \d+\)$/.test(l)));
  assertMatch(statuses.at(-1) ?? "", /^c OK/);

  // As Dovecot or maildrop deliver.
  Deno.writeTextFileSync(`${root}/.Lists/tmp/1700000001.M1P1.host`, "Subject: foreign\n\nx\n");
  Deno.renameSync(`${root}/.Lists/tmp/1700000001.M1P1.host`, `${root}/.Lists/new/1700000001.M1P1.host`);
  assertMatch(await one.line(), /^\* STATUS Lists \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 1\)$/);
  Deno.writeTextFileSync(`${root}/tmp/1700000002.M2P1.host`, "Subject: foreign\n\nx\n");
  Deno.renameSync(`${root}/tmp/1700000002.M2P1.host`, `${root}/new/1700000002.M2P1.host`);
  assertMatch(await one.line(), /^\* 1 EXISTS$/);
  assertMatch(await one.line(), /^\* 1 RECENT$/);
  assertMatch(await one.line(), /^\* 1 FETCH \(UID 1 ENVELOPE \(NIL "foreign"/);

  await two.say("d CREATE Made\r\n");
  await two.tagged("d");
  assertMatch(await one.line(), /^\* LIST \(\\HasNoChildren\) "\." Made$/);
  await two.say("e APPEND Made {1+}\r\nx\r\n");
  await two.tagged("e");
  assertMatch(await one.line(), /^\* STATUS Made \(MESSAGES 1 UIDNEXT 2 /);
  // Commands go on as ever in between.
  await one.say("f UID FETCH 1 FLAGS\r\n");
  assertMatch((await one.tagged("f")).join(), /^\* 1 FETCH \(UID 1 FLAGS \(\\Recent\)\),f OK/);
  one.close();
  two.close();
});
