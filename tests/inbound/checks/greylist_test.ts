import { GREY_ENTRIES, GREY_NETWORK, GREY_PASSED, GREY_PENDING } from "../../../mod/base/limits.ts";
import { Greylist, greyNetwork } from "../../../mod/inbound/checks/greylist.ts";
import { REPLY } from "../../../mod/smtp/reply.ts";
import { assertEquals } from "../../support/assert.ts";
import { addr } from "../rig.ts";

const WAIT = 120_000;
const NOW = 1_700_000_000_000;
const ALICE = addr("alice@example.test");

/** Whether a try passes. */
function passes(
  list: Greylist,
  at: number,
  from = "a@far.example",
  address = "192.0.2.1",
  to = ALICE,
): boolean {
  const found = list.check(address, from === "" ? null : addr(from), to, NOW + at, WAIT);
  assertEquals(found.map((f) => f.refuse), found.length === 0 ? [] : [REPLY.greylisted]);
  return found.length === 0;
}

Deno.test("Greylist lets in who comes again after the wait, and from then on", () => {
  const list = new Greylist();
  assertEquals([0, 1000, WAIT - 1, WAIT, WAIT + 1, WAIT + GREY_PASSED].map((at) => passes(list, at)), [
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
  assertEquals(passes(list, WAIT + 2 * GREY_PASSED + 1), false);
});

Deno.test("Greylist knows a triplet by network, sender and recipient", () => {
  const list = new Greylist();
  passes(list, 0);
  const later = WAIT + 1;
  assertEquals(passes(list, later, "b@far.example"), false);
  assertEquals(passes(list, later, ""), false);
  assertEquals(passes(list, later, "a@far.example", "192.0.3.1"), false);
  assertEquals(passes(list, later, "a@far.example", "192.0.2.1", addr("bob@example.test")), false);
  assertEquals(passes(list, later, "A@FAR.example", "192.0.2.254", addr("ALICE@example.test")), true);
});

Deno.test("Greylist forgets first tries that nobody followed up, and survives a clock set back", () => {
  const list = new Greylist();
  passes(list, 0);
  assertEquals(passes(list, GREY_PENDING + 1), false);
  const other = new Greylist();
  passes(other, 10 * WAIT);
  assertEquals(passes(other, 0), false);
  assertEquals(passes(other, WAIT), true);
});

Deno.test("Greylist lets a whole network in when several of its triplets came again", () => {
  const list = new Greylist();
  for (let i = 0; i < GREY_NETWORK; i++) passes(list, 0, `s${i}@far.example`);
  for (let i = 0; i < GREY_NETWORK; i++) {
    assertEquals(passes(list, WAIT, "new@far.example"), false);
    assertEquals(passes(list, WAIT, `s${i}@far.example`), true);
  }
  assertEquals(passes(list, WAIT, "fresh@far.example"), true);
  assertEquals(passes(list, WAIT, "fresh@far.example", "192.0.9.1"), false);
});

Deno.test("Greylist is bounded, and what it wrote it reads, broken lines aside", () => {
  const list = new Greylist();
  for (let i = 0; i < GREY_ENTRIES + 10; i++) passes(list, 0, `s${i}@far.example`);
  assertEquals(list.size, GREY_ENTRIES);
  const whole = new Greylist();
  whole.restore([...list.pieces()].join(""));
  assertEquals(whole.size, GREY_ENTRIES);
  const small = new Greylist();
  passes(small, 0, 'odd"\\ x@far.example');
  assertEquals(small.revision, 1);
  const text = [...small.pieces()].join("");
  const next = new Greylist();
  next.restore(`${text}["x",1]\nnull\n{"a":1}\n[1,2,3,4]\n["x",-1,1,1]\n["cut`);
  assertEquals(next.size, 1);
  assertEquals(passes(next, WAIT, 'odd"\\ x@far.example'), true);
});

Deno.test("greyNetwork() is a /24 or a /64", () => {
  const table: [string, string | null][] = [
    ["192.0.2.77", "192.0.2.0"],
    ["::ffff:192.0.2.77", "192.0.2.0"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"],
    ["unknown", null],
  ];
  for (const [address, network] of table) assertEquals(greyNetwork(address), network);
});
