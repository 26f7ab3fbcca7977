import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";
import { zone } from "../../support/zone.ts";
import { chainOf, hashOf, keys } from "../../auth/arc/rig.ts";
import { craft, makePair } from "../../auth/dkim/crafted.ts";

const PAIR = await makePair("rsa");
const HEADER = "From: a@far.test\r\nSubject: s\r\n";
const BODY = "Hi  there\r\nyou\r\n";
const BH = btoa(String.fromCharCode(...hashOf(BODY)));
const SIGNATURE = await craft(
  `v=1; a=rsa-sha256; c=relaxed/relaxed; d=far.test; s=s; x=1800000000; h=from:subject; bh=${BH}`,
  PAIR.key,
  HEADER,
);
const SIGNED = `${SIGNATURE}${HEADER}\r\n${BODY}`;
const DNS = {
  "far.test": { TXT: ["v=spf1 ip4:192.0.2.1 -all"] },
  "s._domainkey.far.test": { TXT: [`v=DKIM1; p=${PAIR.p}`] },
  "_dmarc.far.test": { TXT: ["v=DMARC1; p=reject"] },
};

async function machine(): Promise<Machine> {
  const m = new Machine({
    "/home/signed.eml": SIGNED,
    "/home/lf.eml": SIGNED.replaceAll("\r\n", "\n"),
    "/home/mixed.eml": SIGNED.replace("there\r\n", "there\n"),
    "/home/forged.eml": `${HEADER}\r\nx\r\n`,
    "/home/big.eml": SIGNED.replace(BODY, "x".repeat(200_000)),
    "/home/arc.eml": await chainOf("one.example", "two.example"),
    "/home/empty.eml": "",
  });
  m.dns = zone(DNS);
  return m;
}

const FROM_FAR = ["--ip", "192.0.2.1", "--helo", "mail.far.test", "--mail-from", "a@far.test"];

Deno.test("auth tells what every check says, whatever the line ends of the file", async () => {
  const m = await machine();
  for (const file of ["signed.eml", "lf.eml", "/home/mixed.eml"]) {
    const { code, out } = await m.run(["auth", file, ...FROM_FAR]);
    assertEquals(code, 0);
    assertMatch(
      out,
      /^SPF +pass +far\.test +\S.*\nSPF of HELO +none.*\nDKIM +pass +far\.test\nARC +none\nDMARC +pass +far\.test +p=reject\n\n/,
    );
    assertMatch(out, /\nAuthentication-Results: unknown;\n\tspf=pass smtp\.mailfrom=a@far\.test;\n/);
  }
  assertMatch(
    (await m.run(["auth", "big.eml", ...FROM_FAR])).out,
    /DKIM +fail +far\.test +the body has been changed/,
  );
  assertMatch(
    (await m.run(["auth", "forged.eml"])).out,
    /^DKIM +none.*\nARC +none\nDMARC +fail +far\.test +p=reject: SPF was not checked/,
  );
  assertMatch((await m.run(["auth", "forged.eml", "--ip", "::1"])).out, /^SPF +none/);
  const json = JSON.parse((await m.run(["auth", "signed.eml", ...FROM_FAR, "--json"])).out);
  assertEquals([json.spf.result, json.dkim[0].result, json.dmarc.result, json.arc.result], [
    "pass",
    "pass",
    "pass",
    "none",
  ]);
  assert(json.header.startsWith("Authentication-Results: "));
});

Deno.test("auth refuses what it cannot use", async () => {
  const m = await machine();
  const table: readonly (readonly [readonly string[], number])[] = [
    [[], 2],
    [["a", "b"], 2],
    [["signed.eml", "--ip", "x"], 2],
    [["signed.eml", "--ip", "::1", "--mail-from", "nobody"], 2],
    [["--batch", "x"], 2],
    [["gone.eml"], 1],
  ];
  for (const [args, code] of table) assertEquals((await m.run(["auth", ...args])).code, code, args.join(" "));
  assertMatch((await m.run(["auth", "gone.eml"])).err, /gone\.eml: cannot be read \(not-found\)/);
});

Deno.test("auth --batch answers each line as the design has it", async () => {
  const m = await machine();
  const ask = async (question: object) => {
    const { out } = await m.run(["auth", "--batch"], `${JSON.stringify({ id: 7, ...question })}\n`);
    return JSON.parse(out);
  };
  const far = { ip: "192.0.2.1", helo: "h", mailFrom: "a@far.test" };
  assertEquals(await ask({ file: "signed.eml", ...far, now: 1700000000 }), {
    id: 7,
    spf: { result: "pass", domain: "far.test" },
    dkim: [{ result: "pass", domain: "far.test", selector: "s", reason: "" }],
    dmarc: { result: "pass", policy: "reject", domain: "far.test" },
    arc: { result: "none", instances: 0, sealer: "", reason: "" },
  });
  const expired = await ask({ file: "/home/signed.eml", now: 1800000001 });
  assertEquals([expired.spf, expired.dkim[0].result, expired.dmarc.result], [null, "permerror", "fail"]);
  assertEquals((await ask({ file: "forged.eml", ip: "192.0.2.9", mailFrom: "<>" })).dkim, []);
  const empty = await ask({ file: "empty.eml" });
  assertEquals(empty.dmarc, { result: "permerror", policy: null, domain: "" });
  m.dns = keys();
  const { arc } = await ask({ file: "arc.eml" });
  assertEquals(arc, { result: "pass", instances: 2, sealer: "two.example", reason: "" });
  for (
    const [bad, why] of [
      [{}, /"file" is missing/],
      [{ file: "gone.eml" }, /gone\.eml: cannot be read \(not-found\)/],
      [{ file: "signed.eml", ip: "x" }, /"ip" is no address/],
      [{ file: "signed.eml", ip: "::1", mailFrom: "x" }, /"mailFrom" is no address/],
      [{ file: "signed.eml", now: "x" }, /"now" is no number/],
    ] as const
  ) {
    assertMatch((await ask(bad)).error, why);
  }
});
