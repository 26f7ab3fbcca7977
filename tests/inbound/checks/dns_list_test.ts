import { parseNetwork } from "../../../mod/base/ip.ts";
import { checkListed, type DnsList, findListed } from "../../../mod/inbound/checks/dns_list.ts";
import { formatReply } from "../../../mod/smtp/reply.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { zone, type ZoneData } from "../../support/zone.ts";

function list(name: string, ...results: string[]): DnsList {
  return {
    zone: name,
    results: results.map((r) => {
      const network = parseNetwork(r);
      assert(network);
      return network;
    }),
  };
}

const A = "7.2.0.192.";
const V6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.";

const TABLE: readonly [string, string, readonly DnsList[], ZoneData, string | null][] = [
  ["listed", "192.0.2.7", [list("bl.example")], { [`${A}bl.example`]: { A: ["127.0.0.2"] } }, "bl.example"],
  ["IPv6", "2001:db8::1", [list("bl.example")], { [`${V6}bl.example`]: { A: ["127.0.0.3"] } }, "bl.example"],
  ["not listed", "192.0.2.7", [list("bl.example")], {}, null],
  ["DNS down", "192.0.2.7", [list("bl.example")], { [`${A}bl.example`]: "servfail" }, null],
  ["an answer that counts", "192.0.2.7", [list("bl.example", "127.0.0.4/30")], {
    [`${A}bl.example`]: { A: ["127.0.0.2", "127.0.0.6"] },
  }, "bl.example"],
  ["an answer that does not count", "192.0.2.7", [list("bl.example", "127.0.0.4/30")], {
    [`${A}bl.example`]: { A: ["127.0.0.2"] },
  }, null],
  ["a list that does not answer us", "192.0.2.7", [list("bl.example")], {
    [`${A}bl.example`]: { A: ["127.255.255.254"] },
  }, null],
  ["a domain that was sold", "192.0.2.7", [list("bl.example")], {
    [`${A}bl.example`]: { A: ["203.0.113.80"] },
  }, null],
  ["the second, while the first is down", "192.0.2.7", [list("down.example"), list("bl.example")], {
    [`${A}down.example`]: "timeout",
    [`${A}bl.example`]: { A: ["127.0.0.2"] },
  }, "bl.example"],
  ["no address", "unknown", [list("bl.example")], {}, null],
];

for (const [what, address, lists, data, expected] of TABLE) {
  Deno.test(`findListed(): ${what}`, async () => {
    assertEquals((await findListed(address, lists, zone(data)))?.zone ?? null, expected);
  });
}

Deno.test("checkListed() refuses with the list's name", () => {
  assertEquals(checkListed(null), []);
  const [found] = checkListed(list("bl.example"));
  assert(found?.refuse);
  assertEquals(formatReply(found.refuse), "554 5.7.1 Client host is listed by bl.example\r\n");
  assertEquals(found.reason, "listed by bl.example");
});
