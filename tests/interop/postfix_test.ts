/** Postfix's own ways: it waits for who is down, bounces from who refuses. What all mail servers do is in mail_servers_test.ts. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { ALICE, CAROL, decode, mail, Neighbours, toLf } from "../support/neighbours.ts";
import { Postfix } from "../support/postfix.ts";
import { eventually } from "../support/programs.ts";

Deno.test("postfix: who is not there is told of, both ways", async () => {
  await using all = await Neighbours.start(Postfix.start);
  await all.submit(ALICE, ["nobody@far.test", CAROL], mail(ALICE, CAROL, "to two"));
  await all.far.text("carol", "to two");
  const bounce = decode(await all.received(ALICE, "multipart/report"));
  assertMatch(bounce, /^Return-Path: <>/m);
  assertMatch(bounce, /^Final-Recipient: rfc822; ?nobody@far\.test/im);
  assertEquals(bounce.match(/^Final-Recipient:/gim)?.length, 1);
  assertMatch(bounce, /^Action: failed/im);
  assertMatch(bounce, /^Status: 5\.1\.1/im);
  assertMatch(bounce, /^Diagnostic-Code: smtp; 550 5\.1\.1/im);
  await all.far.send(CAROL, "nobody@example.test", toLf(mail(CAROL, "nobody@example.test", "to none")));
  const theirs = await all.far.text("carol", "Undelivered Mail Returned to Sender");
  assertMatch(theirs, /^Final-Recipient: rfc822; nobody@example\.test/m);
  assertMatch(theirs, /^Status: 5\.1\.1/m);
  assertEquals(await all.queued(), []);
});

Deno.test("postfix: who is down gets mail later, by schedule, by hand, and the other way", async () => {
  await using all = await Neighbours.start(Postfix.start);
  const { roost, far: postfix } = all;
  const put = async (subject: string) => {
    await postfix.stop();
    await all.submit(ALICE, [CAROL], mail(ALICE, CAROL, subject));
    const probe = async () => (await all.queued()).find((m) => m.attempts > 0);
    return await eventually("a first attempt", probe).catch((e) => all.explain(e));
  };
  const due = await put("by schedule");
  // Roost sleeps past the time of its next attempt: instead of waiting, that time is brought forward.
  await roost.stop();
  const journal = `${roost.dir}/data/queue/${due.id}.state`;
  const text = await Deno.readTextFile(journal);
  const early = text.replace(/"next":\d+/g, `"next":${Date.now()}`);
  assert(early !== text, text);
  await Deno.writeTextFile(journal, early);
  await postfix.launch();
  await roost.launch();
  await postfix.text("carol", "by schedule");

  const waiting = await put("by hand");
  await postfix.launch();
  const retried = await roost.verb("queue", "retry", waiting.id);
  assertEquals(retried.code, 0, retried.err);
  await postfix.text("carol", "by hand");
  await eventually("an empty queue", async () => (await all.queued()).length === 0);

  await roost.stop();
  await postfix.send(CAROL, ALICE, toLf(mail(CAROL, ALICE, "while Roost is down")));
  await eventually("Postfix put it off", async () => (await postfix.log()).includes("status=deferred"));
  await roost.launch();
  await postfix.flush();
  await all.received(ALICE, "Subject: while Roost is down");
});
