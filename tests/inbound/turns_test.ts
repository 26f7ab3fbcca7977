import type { Network } from "../../mod/base/ip.ts";
import { parseNetwork } from "../../mod/base/ip.ts";
import { QueueTurns } from "../../mod/inbound/turns.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { transaction } from "./rig.ts";

const WAITING = ["a.example", "x.a.example", "y.x.a.example", "ba.example", "[192.0.2.1]"];

function turns(): QueueTurns {
  const network: Network | null = parseNetwork("192.0.2.0/28");
  assert(network);
  return new QueueTurns({ tryDestinations: (wanted) => WAITING.filter(wanted).length }, [network]);
}

Deno.test("QueueTurns is for those who have logged in and for trusted networks", () => {
  const at = (address: string) => transaction({ client: { remote: { address, port: 1 } } }).client;
  assertEquals(turns().permits(at("192.0.2.1")), true);
  assertEquals(turns().permits(at("192.0.2.77")), false);
  assertEquals(turns().permits(at("unknown")), false);
  const known = transaction({ account: "alice@example.test" }).client;
  assertEquals(turns().permits({ ...known, remote: { address: "192.0.2.77", port: 1 } }), true);
  assertEquals(turns().permits({ ...at("192.0.2.1"), listener: "lmtp" }), false);
});

Deno.test("QueueTurns starts a domain, or all below it too", () => {
  const table: [string, boolean, number][] = [
    ["a.example", false, 1],
    ["a.example", true, 3],
    ["x.a.example", true, 2],
    ["example", true, 4],
    ["b.example", true, 0],
    ["[192.0.2.1]", false, 1],
  ];
  for (const [domain, below, want] of table) assertEquals(turns().start(domain, below), want, domain);
});
