import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { parseNetwork } from "../../mod/base/ip.ts";
import type { JudgedMessage } from "../../mod/auth/dmarc/types.ts";
import { Examiner, type ExaminerSettings } from "../../mod/inbound/examiner.ts";
import { PeerOrigin } from "../../mod/inbound/origin.ts";
import { InboundReceiver } from "../../mod/inbound/receive.ts";
import type { Resolver } from "../../mod/dns/resolver.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { zone, type ZoneData } from "../support/zone.ts";
import { bodyOf, InboundRig, transaction, type TransactionOptions } from "./rig.ts";

const ZONE: ZoneData = {
  "far.example": { TXT: ["v=spf1 ip4:192.0.2.1 -all"] },
  "_dmarc.far.example": { TXT: ["v=DMARC1; p=reject; rua=mailto:r@far.example"] },
  "_dmarc.bank.example": { TXT: ["v=DMARC1; p=reject"] },
  "_dmarc.shop.example": { TXT: ["v=DMARC1; p=quarantine"] },
  "1.2.0.192.in-addr.arpa": { PTR: ["client.example"] },
  "client.example": { A: ["192.0.2.1"] },
};
const SETTINGS: ExaminerSettings = {
  hostname: "mx.example.test",
  trusted: ["198.51.100.0/24"].flatMap((n) => parseNetwork(n) ?? []),
  table: { dmarcReject: "reject", dmarcQuarantine: "junk", spfFail: "deliver", noAuthor: "junk" },
  trustedSealers: [],
};

interface Options extends TransactionOptions {
  readonly resolver?: Resolver;
  readonly address?: string;
  readonly taps?: number;
}

/** Takes in one message as the server does, and tells what became of it. */
async function take(text: string, o: Options = {}) {
  const clock = new FakeClock();
  const resolver = o.resolver ?? zone(ZONE);
  const examiner = new Examiner(SETTINGS, { resolver, clock, random: new SeededRandom() });
  const rig = new InboundRig({
    filing: (m) => ({ mailbox: m.junk ? "Junk" : "INBOX", flags: { system: 0, keywords: [] } }),
  });
  const judged: JudgedMessage[] = [];
  const receiver = new InboundReceiver({
    dispatcher: rig.dispatcher,
    directory: rig.directory,
    clock,
    log: rig.log,
    examiner: () => examiner,
    observer: { observe: (m) => judged.push(m) },
  }, "mx.example.test");
  const address = o.address ?? "192.0.2.1";
  const origin = new PeerOrigin(address, { trusted: false, blocklists: [], allowlists: [] }, {
    resolver,
    clock,
  });
  await origin.pending;
  const t = transaction({ ...o, client: { remote: { address, port: 4000 }, origin, ...o.client } });
  const tap = receiver.begin(t);
  tap?.write(utf8(text));
  const { reply } = await receiver.receive(t, bodyOf(text));
  const line = rig.log.lines.find((l) => l.event === "mail accepted" || l.event === "mail refused");
  return {
    reply,
    rig,
    judged,
    tapped: tap !== null,
    fields: line?.fields ?? {},
    delivered: rig.delivered[0],
  };
}

const MAIL = "From: a@far.example\r\nSubject: s\r\n\r\nbody\r\n";

Deno.test("Examiner: what is found stands in the message and in the log", async () => {
  const { reply, delivered, fields, judged } = await take(MAIL);
  assertEquals([reply.code, delivered?.mailbox], [250, "INBOX"]);
  assertEquals(
    delivered?.text.slice(delivered.text.indexOf("Authentication-Results")),
    "Authentication-Results: mx.example.test;\r\n" +
      "\tspf=pass smtp.mailfrom=sender@far.example;\r\n" +
      "\tspf=none smtp.helo=client.example;\r\n" +
      "\tdkim=none;\r\n" +
      "\tarc=none smtp.remote-ip=192.0.2.1;\r\n" +
      "\tdmarc=pass header.from=far.example policy.dmarc=reject;\r\n" +
      "\tiprev=pass (client.example) policy.iprev=192.0.2.1\r\n" + MAIL,
  );
  assertEquals([fields.spf, fields.dkim, fields.dmarc, fields.verdict], [
    "pass far.example",
    "none",
    "pass far.example p=reject",
    undefined,
  ]);
  assertEquals(judged.map((j) => [j.address, j.envelopeFrom, j.envelopeTo, j.disposition, j.override]), [
    ["192.0.2.1", "far.example", "example.test", "none", null],
  ]);
});

Deno.test("Examiner: what is forged is refused or put aside, with the reason", async () => {
  const bank = await take("From: a@bank.example\r\n\r\nx\r\n");
  assertEquals([bank.reply.code, bank.reply.enhanced, bank.rig.delivered.length], [550, "5.7.1", 0]);
  assertMatch(bank.reply.lines.join(" "), /bank\.example.*SPF passed for far\.example only/);
  assertEquals(bank.fields.verdict, "reject");
  assertMatch(`${bank.fields.dmarc}`, /^fail bank\.example p=reject \(SPF passed for far\.example only/);
  assertEquals(bank.judged.map((j) => j.disposition), ["reject"]);
  const shop = await take("From: a@shop.example\r\n\r\nx\r\n");
  assertEquals([shop.reply.code, shop.delivered?.mailbox, shop.fields.verdict], [250, "Junk", "junk"]);
  assertEquals(shop.judged.map((j) => j.disposition), ["quarantine"]);
  const nobody = await take("Subject: no author\r\n\r\nx\r\n");
  assertEquals([nobody.reply.code, nobody.delivered?.mailbox], [250, "Junk"]);
});

Deno.test("Examiner: DNS that fails puts off only what could be forged, and reports nothing twice", async () => {
  const broken = { ...ZONE, "far.example": "servfail" } as const;
  const later = await take(MAIL, { resolver: zone(broken) });
  assertEquals([later.reply.code, later.reply.enhanced, later.judged.length], [451, "4.7.0", 0]);
  const dead: ZoneData = Object.fromEntries(Object.keys(ZONE).map((name) => [name, "timeout"]));
  const { reply, delivered } = await take(MAIL, { resolver: zone(dead) });
  assertEquals([reply.code, delivered?.mailbox], [250, "INBOX"]);
  assertMatch(delivered?.text ?? "", /spf=temperror[^]*dmarc=temperror[^]*iprev=temperror/);
});

Deno.test("Examiner takes out what claims to be ours", async () => {
  const forged = `Authentication-Results: MX.example.test;\r\n dkim=pass header.d=bank.example\r\n${MAIL}`;
  const { delivered } = await take(`Authentication-Results: mx.far.example; spf=pass\r\n${forged}`);
  assertEquals(delivered?.text.match(/^Authentication-Results: \S+/gm), [
    "Authentication-Results: mx.example.test;",
    "Authentication-Results: mx.far.example;",
  ]);
  assert(delivered?.text.endsWith(`spf=pass\r\n${MAIL}`));
  assert(!delivered?.text.includes("bank.example"));
});

Deno.test("Examiner lets trusted networks pass, and tells all the same", async () => {
  const { reply, delivered, fields, judged } = await take("From: a@bank.example\r\n\r\nx\r\n", {
    address: "198.51.100.7",
  });
  assertEquals([reply.code, delivered?.mailbox], [250, "INBOX"]);
  assertMatch(delivered?.text ?? "", /dmarc=fail/);
  assertMatch(String(fields.why), /trusted network/);
  assertEquals(judged.map((j) => [j.disposition, j.override?.type]), [["none", "local_policy"]]);
});

Deno.test("Examiner leaves alone what our users, this machine and mail servers before us bring", async () => {
  const forged = `Authentication-Results: mx.example.test; none\r\n${MAIL}`;
  const table: readonly Options[] = [
    { account: "alice@example.test", sender: "alice@example.test" },
    { address: "127.0.0.1" },
    { address: "::1" },
    { listener: "lmtp" },
  ];
  for (const o of table) {
    const { reply, tapped, delivered, judged } = await take(
      o.account ? forged.replace("a@far.example", "alice@example.test") : forged,
      o,
    );
    assertEquals([reply.code, tapped, judged.length], [250, false, 0], JSON.stringify(o));
    // A mail server before us may have our name; our users do not speak for us.
    assertEquals(delivered?.text.includes("Authentication-Results: mx.example.test; none\r\n"), !o.account);
  }
});

Deno.test("Examiner is not fooled by a header that never ends, or begins folded", async () => {
  for (const text of ["From: a@bank.example\r\n", " folded\r\nFrom: a@bank.example\r\n\r\nx\r\n"]) {
    assertEquals((await take(text)).reply.code, 550, fromUtf8(utf8(text)));
  }
  const folded = await take(" ; dkim=pass\r\n\r\nx\r\n");
  assertMatch(folded.delivered?.text ?? "", /policy\.iprev=192\.0\.2\.1\r\n\r\n ; dkim=pass\r\n/);
});
