import { checkHelo } from "../../../mod/inbound/checks/helo.ts";
import { REPLY } from "../../../mod/smtp/reply.ts";
import { assertEquals } from "../../support/assert.ts";

const isOurs = (domain: string) => ["mx.example.test", "example.test"].includes(domain);

/** HELO, address, score (0: nothing found), whether it is a lie. */
const TABLE: readonly [string, string, number, boolean][] = [
  ["mail.far.example", "192.0.2.1", 0, false],
  ["mail.far.example.", "192.0.2.1", 0, false],
  ["[192.0.2.1]", "192.0.2.1", 0, false],
  ["[192.0.2.1]", "::ffff:192.0.2.1", 0, false],
  ["[IPv6:2001:db8:0::1]", "2001:db8::1", 0, false],
  ["mx.example.test", "192.0.2.1", 4, true],
  ["MX.Example.Test.", "192.0.2.1", 4, true],
  ["example.test", "192.0.2.1", 4, true],
  ["notmx.example.test", "192.0.2.1", 0, false],
  ["[192.0.2.2]", "192.0.2.1", 3, true],
  ["[127.0.0.1]", "192.0.2.1", 3, true],
  ["192.0.2.2", "192.0.2.1", 3, true],
  ["192.0.2.1", "192.0.2.1", 2, false],
  ["[192.0.2]", "192.0.2.1", 2, false],
  ["[]", "192.0.2.1", 2, false],
  ["localhost", "192.0.2.1", 1, false],
  ["", "192.0.2.1", 1, false],
];

Deno.test("checkHelo() notes what does not fit, and refuses lies only where asked to", () => {
  for (const [helo, address, score, lie] of TABLE) {
    const noted = checkHelo({ helo, address, isOurs }, false);
    assertEquals(noted.map((f) => f.score), score === 0 ? [] : [score], helo);
    assertEquals(noted.some((f) => f.refuse), false, helo);
    const refused = checkHelo({ helo, address, isOurs }, true);
    assertEquals(refused.filter((f) => f.refuse).map((f) => f.refuse), lie ? [REPLY.heloRefused] : [], helo);
  }
});
