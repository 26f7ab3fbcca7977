import { type AddressFamily, inOrder } from "../../mod/outbound/address_order.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("inOrder() sorts and leaves out by family, and keeps the order within", () => {
  const all = ["2001:db8::1", "192.0.2.1", "192.0.2.2", "2001:db8::2"];
  const [a, b, c, d] = ["2001:db8::1", "192.0.2.1", "192.0.2.2", "2001:db8::2"];
  const cases: Readonly<Record<AddressFamily, readonly string[]>> = {
    any: all,
    ipv6_first: [a, d, b, c],
    ipv4_first: [b, c, a, d],
    ipv6: [a, d],
    ipv4: [b, c],
  };
  for (const family of Object.keys(cases) as AddressFamily[]) {
    assertEquals(inOrder(all, family), cases[family]);
  }
});
