import { keyName, lookupKeys } from "../../../mod/auth/dkim/key_lookup.ts";
import { assertEquals } from "../../support/assert.ts";
import { zone } from "../../support/zone.ts";

Deno.test("keyName() makes A-labels and refuses what is no name", () => {
  const table: readonly (readonly [domain: string, selector: string, name: string | null])[] = [
    ["Example.ORG", "S1", "s1._domainkey.example.org"],
    ["example.org", "2026.mail", "2026.mail._domainkey.example.org"],
    ["b\u00fccher.example", "\u00fc", "xn--tda._domainkey.xn--bcher-kva.example"],
    ["[192.0.2.1]", "s", null],
    ["", "s", null],
    ["example.org", "", null],
    ["example..org", "s", null],
    ["example.org", "a b", null],
    ["example.org", "s.", null],
    ["a.".repeat(120) + "org", "selector", null],
  ];
  for (const [domain, selector, name] of table) assertEquals(keyName(domain, selector), name, domain);
});

Deno.test("lookupKeys() tells never from not now, and takes what can be read", async () => {
  const dns = zone({
    "one._domainkey.example.org": { TXT: ["v=DKIM1; p=YQ"] },
    "two._domainkey.example.org": { TXT: ["junk", "p=YQ", "v=DKIM1; k=ed25519; p=Yg"] },
    "many._domainkey.example.org": { TXT: [...Array<string>(50).fill("junk"), "p=YQ"] },
    "junk._domainkey.example.org": { TXT: ["p=!"] },
    "empty._domainkey.example.org": "nodata",
    "later._domainkey.example.org": "servfail",
    "alias._domainkey.example.org": { CNAME: ["one._domainkey.example.org"] },
  });
  const told: Record<string, string> = {};
  for (const selector of ["one", "two", "many", "junk", "empty", "later", "alias", "gone", "no name"]) {
    const answer = await lookupKeys(dns, "example.org", selector);
    told[selector] = answer.kind === "keys"
      ? answer.keys.map((k) => k.type).join()
      : `${answer.kind}: ${answer.why}`;
  }
  assertEquals(told, {
    one: "rsa",
    two: "rsa,ed25519",
    many: "none: the key record cannot be used: it has something that is no tag",
    junk: "none: the key record cannot be used: its p= is no base64",
    empty: "none: no key is published",
    later: "temp: the key could not be asked for",
    alias: "rsa",
    gone: "none: no key is published",
    "no name": "none: d= and s= make no name",
  });
});
