import { utf8 } from "../../mod/base/bytes.ts";
import { Inspection, type InspectionFacts } from "../../mod/auth/inspection.ts";
import type { Resolver } from "../../mod/dns/resolver.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { zone } from "../support/zone.ts";
import { hashOf, NOW, sealed } from "./arc/rig.ts";
import { craft, makePair } from "./dkim/crafted.ts";

const PAIR = await makePair("rsa");
const HEADER = "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: Hello\r\n";
const BODY = "Hi there\r\n";
const BH = btoa(String.fromCharCode(...hashOf(BODY)));
const SIGNATURE = await craft(
  `v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s; h=from:to:subject; bh=${BH}`,
  PAIR.key,
  HEADER,
);
const SIGNED = `${SIGNATURE}${HEADER}\r\n${BODY}`;
const KEY = { TXT: [`v=DKIM1; k=rsa; p=${PAIR.p}`] };
const ZONE = {
  "example.org": { TXT: ["v=spf1 ip4:192.0.2.1 -all"] },
  "mail.example.org": { TXT: ["v=spf1 a -all"], A: ["192.0.2.1"] },
  "s._domainkey.example.org": KEY,
  "_dmarc.example.org": { TXT: ["v=DMARC1; p=reject"] },
};
const FACTS: InspectionFacts = {
  client: { address: "192.0.2.1", helo: "mail.example.org", sender: { local: "a", domain: "example.org" } },
  now: NOW,
  trustedSealers: [],
  roll: 0,
};

function inspection(
  facts: Partial<InspectionFacts> = {},
  resolver: Resolver = zone(ZONE),
  clock = new FakeClock(),
) {
  return new Inspection({ resolver, clock, hostname: "mx.example.net" }, { ...FACTS, ...facts });
}

function feed(inspection: Inspection, message: string, size = Infinity): boolean {
  const bytes = utf8(message);
  let wanted = true;
  for (let at = 0; at < bytes.length && wanted; at += size) {
    // The view is overwritten after the call, as the wire's buffer is.
    const view = bytes.slice(at, at + size);
    wanted = inspection.write(view);
    view.fill(0x21);
  }
  return wanted;
}

async function short(
  message: string,
  facts: Partial<InspectionFacts> = {},
  resolver?: Resolver,
  size?: number,
) {
  const i = inspection(facts, resolver);
  feed(i, message, size);
  const { findings, header } = await i.finish();
  assertEquals(new TextDecoder().decode(header), message.slice(0, message.indexOf("\r\n\r\n") + 4));
  const { spf, spfHelo, dkim, arc, dmarc } = findings;
  return `${spf?.result} ${spfHelo?.result} ${
    dkim.map((d) => d.result).join("+") || "unsigned"
  } ${arc?.result} ${dmarc?.result}`;
}

Deno.test("Inspection checks everything, in every chunking", async () => {
  for (let size = 1; size < 40; size++) {
    assertEquals(await short(SIGNED, {}, undefined, size), "pass pass pass none pass", `${size}`);
  }
  assertEquals(await short(SIGNED), "pass pass pass none pass");
  const forwarded = await sealed(SIGNED.replace("Subject: Hello", "Subject: [list] Hello"), "one.example");
  const arcKey = (await import("./arc/rig.ts")).keys(ZONE);
  assertEquals(
    await short(forwarded, {
      client: { address: "203.0.113.1", helo: "x", sender: { local: "l", domain: "list.example" } },
    }, arcKey),
    "none none fail pass fail",
  );
});

Deno.test("Inspection asks SPF of HELO where there is no sender, and not at all without a client", async () => {
  const client = { address: "192.0.2.1", helo: "mail.example.org", sender: null };
  assertEquals(await short(SIGNED, { client }), "pass undefined pass none pass");
  assertEquals(
    await short(`${HEADER}\r\n${BODY}`, { client: null }),
    "undefined undefined unsigned none fail",
  );
});

Deno.test("Inspection wants no body where nothing hangs on it", async () => {
  const plain = inspection();
  assertEquals(feed(plain, `${HEADER}\r\n`), false);
  await plain.finish();
  const one = inspection();
  assertEquals(feed(one, SIGNED), true);
  await one.finish();
});

Deno.test("Inspection takes messages without body, without header and without anything", async () => {
  for (const message of ["", "\r\n", "Hi", HEADER, `${HEADER}\r\n`, "\r\n\r\nFrom: a@example.org\r\n"]) {
    const i = inspection();
    feed(i, message);
    const { findings } = await i.finish();
    assertEquals(findings.dkim, []);
    assertEquals(findings.dmarc?.result, message.startsWith("From") ? "pass" : "permerror");
  }
});

Deno.test("Inspection ends when DNS is silent, with temperror for all that was asked", async () => {
  const clock = new FakeClock();
  const i = inspection({}, { lookup: () => new Promise(() => {}) }, clock);
  feed(i, SIGNED);
  const done = i.finish();
  await clock.advance(20_000);
  const { findings, dmarc } = await done;
  assertEquals([findings.spf?.result, findings.dkim[0]?.result, dmarc.outcome.result], [
    "temperror",
    "temperror",
    "temperror",
  ]);
});

Deno.test("Inspection bounds what a thousand signatures cost", async () => {
  const dns = zone(ZONE);
  const many = Array.from({ length: 1000 }, (_, i) => SIGNATURE.replace("s=s;", `s=s${i};`)).join("");
  const i = inspection({}, dns);
  feed(i, many + SIGNED);
  const { findings } = await i.finish();
  assert(findings.dkim.length <= 100 && dns.calls.length < 60, `${findings.dkim.length} ${dns.calls.length}`);
  assertEquals(findings.dmarc?.result, "pass"); // by SPF
});
