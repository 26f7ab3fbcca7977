import { utf8 } from "../../../mod/base/bytes.ts";
import { sealMessage } from "../../../mod/auth/arc/seal.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { BODY, chainOf, crafted, hashOf, HEADER, keys, NOW, PAIR, sealed, told, verify } from "./rig.ts";
import { makePair } from "../dkim/crafted.ts";

Deno.test("sealMessage() adds a set that is sound, in lines of usual length", async () => {
  const long = `${HEADER}${"DKIM-Signature: v=1; b=x\r\n".repeat(30)}\r\n${BODY}`;
  const once = await sealed(long, "one.example", "x.example;\r\n\tspf=pass smtp.mailfrom=a@b");
  assert(once.split("\r\n").every((line) => line.length <= 78));
  assertEquals(told(await verify(once)), "pass");
  const twice = await sealed(`Received: by us\r\n${once}`, "two.example");
  assertEquals(told(await verify(twice)), "pass");
  assertEquals(twice.match(/^ARC-[A-Za-z-]+: i=\d/gm), [
    "ARC-Seal: i=2",
    "ARC-Message-Signature: i=2",
    "ARC-Authentication-Results: i=2",
    "ARC-Seal: i=1",
    "ARC-Message-Signature: i=1",
    "ARC-Authentication-Results: i=1",
  ]);
});

Deno.test("sealMessage() covers what is there, each field as often as it is there", async () => {
  const once = await sealed(`Subject: s\r\n${HEADER}List-Id: x\r\n\r\n${BODY}`, "one.example");
  assert(once.includes("h=from:to:subject:subject:list-id;"), once);
  assertEquals((await verify(once.replace("Subject: s\r\n", "Subject: t\r\n"))).result, "fail");
  assertEquals((await verify(`Cc: new\r\n${once}`)).result, "pass");
});

Deno.test("sealMessage() adds nothing to a chain that is broken or full, nothing without From, and little to a heap", async () => {
  const facts = (message: string) => ({
    header: utf8(message.slice(0, message.indexOf("\r\n\r\n") + 4)),
    bodyHash: hashOf(BODY),
    results: "x; none",
    now: NOW,
  });
  const sealer = { domain: "one.example", selector: "s", key: PAIR.key };
  const chain = await chainOf("one.example", "two.example");
  assertEquals(await sealMessage(facts(chain.replace("cv=none", "cv=fail")), sealer), null);
  assertEquals(await sealMessage(facts("Subject: s\r\n\r\nx"), sealer), null);
  const heap = await sealMessage(facts(`${"DKIM-Signature: x\r\n".repeat(5000)}${HEADER}\r\nx`), sealer);
  assert((heap?.length ?? 0) < 3000);
  let full = `${HEADER}\r\n${BODY}`;
  for (let i = 1; i <= 50; i++) full = await crafted(full, i);
  assertEquals(await sealMessage(facts(full), sealer), null);
});

Deno.test("sealMessage() seals with Ed25519, too", async () => {
  const pair = await makePair("ed25519");
  const header = utf8(`${HEADER}\r\n`);
  const set = await sealMessage({ header, bodyHash: hashOf(BODY), results: "x; none", now: NOW }, {
    domain: "ed.example",
    selector: "e",
    key: pair.key,
  });
  const dns = keys({ "e._domainkey.ed.example": { TXT: [`v=DKIM1; k=ed25519; p=${pair.p}`] } });
  assertEquals(
    told(await verify(`${new TextDecoder().decode(set ?? undefined)}${HEADER}\r\n${BODY}`, dns)),
    "pass",
  );
});
