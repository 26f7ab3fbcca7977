import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";
import { zone } from "../../support/zone.ts";

const CONFIG = `hostname: mail.example.test
data: data
listen: { smtp: ["127.0.0.1:25"] }
routes: { relayed.test: "submission://me:pw@relay.test:587" }
limits: { message_size: 1MB }
verdict: { dmarc_reject: reject }
domains:
  example.test: { aliases: { list: [you, friend@far.test, boss@relayed.test] } }
`;

async function machine(): Promise<Machine> {
  const m = new Machine({ "/home/roost.yaml": CONFIG });
  m.dns = zone({
    "good.test": { TXT: ["v=spf1 ip4:198.51.100.7 -all"], MX: ["10 mx.good.test"] },
    "bank.test": { TXT: ["v=spf1 -all"] },
    "_dmarc.bank.test": { TXT: ["v=DMARC1; p=reject"] },
    "far.test": { MX: ["10 mx1.far.test", "20 mx2.far.test"] },
    "mx1.far.test": { A: ["198.51.100.1"] },
    "mx2.far.test": { A: ["198.51.100.2"] },
  });
  const added = await m.run(["user", "add", "you@example.test", "--password-stdin"], "a long password\n");
  assertEquals([added.code, added.err], [0, ""]);
  return m;
}

Deno.test("rehearse tells of mail from outside: checks, folder, forwards, ways out, and keeps nothing", async () => {
  const m = await machine();
  const before = JSON.stringify(m.fs.tree());
  const r = await m.run([
    "rehearse",
    "--from",
    "a@good.test",
    "--to",
    "list@example.test",
    "--ip",
    "198.51.100.7",
    "--helo",
    "mx.good.test",
  ]);
  assertEquals([r.code, r.err], [0, ""]);
  assertMatch(r.out, /^it would be accepted\n {2}from a stranger, on port 25: 250 /);
  assertMatch(
    r.out,
    /list@example\.test leads to the mailbox of you@example\.test and friend@far\.test elsewhere/,
  );
  assertMatch(r.out, /SPF: pass good\.test/);
  assertMatch(r.out, /put into INBOX of you@example\.test/);
  assertMatch(r.out, /sender SRS0=\S+=good\.test=a@example\.test/);
  assertMatch(
    r.out,
    /on to far\.test, for friend@far\.test\n {2}mx1\.far\.test port 25: TLS where it is offered\n {2}mx2/,
  );
  assertMatch(
    r.out,
    /on to relayed\.test.*\n {2}relay\.test port 587: TLS with a certificate valid for relay\.test/,
  );
  assertEquals(JSON.stringify(m.fs.tree()), before);
  assertEquals((await m.run(["queue", "list"])).out, "the queue is empty");
});

Deno.test("rehearse tells why mail would be refused, and what to do", async () => {
  const m = await machine();
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [
      ["--from", "a@bank.test", "--to", "you@example.test", "--ip", "198.51.100.9"],
      /verdict: reject, since DMARC of bank\.test/,
    ],
    [
      ["--from", "a@good.test", "--to", "nobody@example.test", "--ip", "198.51.100.7"],
      /nobody@example\.test is nobody here/,
    ],
    [
      ["--from", "a@good.test", "--to", "x@elsewhere.test", "--ip", "198.51.100.7"],
      /-> mail for others is taken after a login/,
    ],
    [
      ["--from", "you@example.test", "--to", "x@gone.test"],
      /on to gone\.test.*\n {2}it would fail: 5\.1\.2 the domain gone\.test does not exist/,
    ],
  ];
  for (const [args, expected] of cases) assertMatch((await m.run(["rehearse", ...args])).out, expected);
});

Deno.test("rehearse takes a sender of ours for logged in, and reads a message from a file", async () => {
  const m = await machine();
  await m.fs.createWith("/home/m.eml", [
    new TextEncoder().encode("From: You <you@example.test>\nTo: list@example.test\n\n.\nh\u00e9\n"),
  ]);
  const r = await m.run(["rehearse", "m.eml", "--json"]);
  const told = JSON.parse(r.out);
  assertEquals([r.code, told.account, told.accepted], [0, "you@example.test", true]);
  assert(told.dialog.some((s: { command: string }) => s.command.endsWith("BODY=8BITMIME")));
  await m.fs.createWith("/home/big.eml", [new Uint8Array(1_100_000).fill(0x61)]);
  assertMatch(
    (await m.run(["rehearse", "big.eml", "--from", "you@example.test", "--to", "you@example.test"])).out,
    /552 5\.3\.4/,
  );
  await m.fs.createWith("/home/nul.eml", [new TextEncoder().encode("Subject: x\r\n\r\na\0b\r\n")]);
  assertMatch(
    (await m.run(["rehearse", "nul.eml", "--from", "you@example.test", "--to", "you@example.test"])).out,
    /550 5\.6\.0/,
  );
});

Deno.test("rehearse says where nothing is asked of DNS", async () => {
  const m = await machine();
  assertMatch(
    (await m.run(["rehearse", "--from", "a@good.test", "--to", "you@example.test"])).out,
    /--ip names a client elsewhere/,
  );
  await m.fs.remove("/home/roost.yaml");
  await m.fs.createWith("/home/roost.yaml", [new TextEncoder().encode(`${CONFIG}network: closed\n`)]);
  const closed = await m.run([
    "rehearse",
    "--from",
    "a@good.test",
    "--to",
    "you@example.test",
    "--ip",
    "198.51.100.7",
  ]);
  assertMatch(closed.out, /not asked: the network is closed/);
});

Deno.test("rehearse refuses what it cannot play", async () => {
  const m = await machine();
  for (
    const args of [
      [],
      ["a", "b"],
      ["--to", ""],
      ["--to", "a@b", "--ip", "here"],
      ["--to", "a@b\r\nDATA"],
      ["--to", "a@b", "--helo", "a b"],
      ["--from", "a>b@c", "--to", "a@b"],
    ]
  ) assertEquals((await m.run(["rehearse", ...args])).code, 2, JSON.stringify(args));
  assertMatch((await m.run(["rehearse", "gone.eml"])).err, /there is no such file/);
});
