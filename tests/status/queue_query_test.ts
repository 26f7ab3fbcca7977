import { parseIds, parseQueueQuery } from "../../mod/status/queue_query.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("parseQueueQuery() reads filters, and takes nothing for all", () => {
  assertEquals(parseQueueQuery({ domain: "x.test", sender: "<>", older_than: "60", state: "held" }), {
    ok: true,
    value: { destination: "x.test", sender: "<>", olderThan: 60_000, state: "held" },
  });
  assertEquals(parseQueueQuery({ all: "1" }), { ok: true, value: {} });
  for (const bad of [{}, { state: "odd" }, { older_than: "2h" }, { older_than: "-1" }, { domian: "x" }]) {
    assertEquals(parseQueueQuery(bad).ok, false, JSON.stringify(bad));
  }
});

Deno.test("parseIds() takes a list of texts, and nothing else", () => {
  assertEquals(parseIds('{"ids":["a","b"]}'), ["a", "b"]);
  for (const bad of ["", "null", "[]", '{"ids":null}', '{"ids":[1]}', '{"ids":"a"}', '"ids"', "{"]) {
    assertEquals(parseIds(bad), null, bad);
  }
});
