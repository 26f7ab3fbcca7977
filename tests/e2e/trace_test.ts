/** What the running server keeps of its decisions, asked while it runs, after it was killed, and when it is stopped. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { mailer } from "../support/clients.ts";
import { RoostProcess } from "../support/roost_process.ts";

const DOMAINS = {
  "example.test": "{ aliases: { far: [carol@nowhere.test], both: [alice, bob] } }",
};

async function sent(roost: RoostProcess, from: string, to: string, messageId: string): Promise<string> {
  const smtp = mailer(roost, "smtp");
  const info = await smtp.sendMail({
    envelope: { from, to },
    raw:
      `From: ${from}\r\nTo: ${to}\r\nMessage-ID: <${messageId}>\r\nSubject: secret words\r\n\r\nthe body\r\n`,
  }).catch((e: Error) => ({ response: e.message }));
  smtp.close();
  return info.response;
}

Deno.test("why tells what became of mail, by any of its names, with and without the server", async () => {
  await using roost = await RoostProcess.start({ domains: DOMAINS });
  await sent(roost, "x@far.example", "both@example.test", "m1@far.example");
  await sent(roost, "x@far.example", "far@example.test", "m2@far.example");
  await sent(roost, "x@far.example", "nobody@example.test", "m3@far.example");
  await sent(roost, "x@far.example", "them@elsewhere.test", "m4@far.example");
  await roost.logged('"event":"bounced"');

  const one = await roost.verb("why", "<m1@far.example>");
  assertEquals([one.code, one.err], [0, ""]);
  assertMatch(one.out, /accepted from 127\.0\.0\.1 by smtp.*to both@example\.test/);
  assertMatch(one.out, /put into INBOX of alice@example\.test, file /);
  assertMatch(one.out, /put into INBOX of bob@example\.test, file /);
  const id = /message ([0-9a-z]{14})/.exec(one.out)?.[1] ?? "";
  assertEquals((await roost.verb("why", id)).out, one.out);

  const two = await roost.verb("why", "far@example.test");
  assertMatch(
    two.out,
    /queued as \S+ for carol@nowhere\.test, forwarded on behalf of far@example\.test, sender SRS0=/,
  );
  assertMatch(two.out, /refused it for carol@nowhere\.test for good.*closed/);
  assertMatch(two.out, /-> the network is closed: name a way under routes/);
  assertMatch(two.out, /its sender was told by a report, queued as/);

  const json = JSON.parse((await roost.verb("why", "x@far.example", "--since", "1h", "--json")).out);
  assertEquals([json.messages.length, json.refusals.length, json.more], [2, 2, false]);
  assertEquals(json.refusals.map((r: { fields: Record<string, unknown> }) => r.fields["text"]).sort(), [
    "No such user here",
    "Relaying denied",
  ]);
  assertMatch(
    (await roost.verb("why", "them@elsewhere.test")).out,
    /Relaying denied\n.*\n\s+-> mail for others is taken after a login/,
  );
  const none = await roost.verb("why", "nobody@at.all");
  assertEquals([none.code, none.out.trim()], [1, ""]);
  assertMatch(none.err, /nothing is known of it/);

  const api = await fetch(`http://127.0.0.1:${roost.ports.http}/api/why/${id}?since=600`);
  assertEquals((await api.json()).messages[0].id, id);
  assertEquals((await fetch(`http://127.0.0.1:${roost.ports.http}/api/why/x?since=soon`)).status, 400);

  const dry = await roost.verb(
    "rehearse",
    "--from",
    "x@far.example",
    "--to",
    "far@example.test",
    "--ip",
    "192.0.2.1",
  );
  assertEquals([dry.code, dry.err], [0, ""]);
  assertMatch(dry.out, /on to nowhere\.test, for carol@nowhere\.test\n {2}it would fail: 5\.1\.2 no way/);
  assertEquals(JSON.parse((await roost.verb("queue", "list", "--json")).out).length, 0);

  await sent(roost, "x@far.example", "bob@example.test", "m5@far.example");
  await roost.verb("why", "m5@far.example");
  await roost.kill();
  const killed = await roost.verb("why", "m5@far.example");
  assertMatch(killed.out, /put into INBOX of bob@example\.test/);
  await roost.launch();
  await roost.stop();
  const stopped = await roost.verb("why", id);
  assertEquals(stopped.out, one.out);
  const file = await Deno.readFile(`${roost.dir}/data/log/trace.sqlite`);
  const text = new TextDecoder("latin1").decode(file);
  assert(text.includes("m1@far.example") && !text.includes("secret words") && !text.includes("the body"));
  assertEquals(((await Deno.stat(`${roost.dir}/data/log/trace.sqlite`)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("why says so where nothing is kept, and a reload turns the trace on", async () => {
  await using roost = await RoostProcess.start({ config: "trace: false" });
  await sent(roost, "x@far.example", "bob@example.test", "m1@far.example");
  const none = await roost.verb("why", "m1@far.example");
  assertEquals(none.code, 1);
  assertMatch(none.err, /"trace: false"/);
  const config = await Deno.readTextFile(roost.config);
  await Deno.writeTextFile(roost.config, config.replace("trace: false", "trace: { age: 1d, size: 2MB }"));
  assertEquals((await roost.verb("reload")).code, 0);
  await sent(roost, "x@far.example", "bob@example.test", "m2@far.example");
  assertEquals((await roost.verb("why", "m2@far.example")).code, 0);
});
