import { queuePage, toldOf } from "../../mod/status/queue_page.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ITEM, NOW } from "../support/status_app.ts";

const FACTS = { hostname: "h", now: NOW, formKey: "k3y", signedIn: true };

Deno.test("queuePage() has a form for who may change, and none for others", async () => {
  const mine = String(await queuePage(FACTS, [ITEM], "1 held"));
  assert(mine.includes('name="key" value="k3y"') && mine.includes('name="id" value="q1"'));
  assertEquals(mine.match(/<button name="action"/g)?.length, 5);
  assert(mine.includes("1 held") && mine.includes("&lt;script&gt;@x"));
  const theirs = String(await queuePage({ ...FACTS, formKey: null }, [ITEM], null));
  assert(!theirs.includes("<form") && !theirs.includes("<input") && theirs.includes("/sign-in"));
});

Deno.test("queuePage() says so when the queue is empty, and bounds what it shows", async () => {
  assert(String(await queuePage(FACTS, [], null)).includes("Empty: everything was delivered"));
  const many = Array.from({ length: 120 }, (_, i) => ({ ...ITEM, id: `q${i}` }));
  const text = String(await queuePage(FACTS, many, null));
  assertEquals(text.match(/type="checkbox"/g)?.length, 100);
  assert(text.includes("The first 100 of 120"));
  const address = (n: number) => ({ address: `r${n}@x.test`, state: "pending", reply: null });
  const wide = { ...ITEM, state: "held" as const, recipients: [1, 2, 3, 4, 5].map(address) };
  const row = String(await queuePage(FACTS, [wide], null));
  assert(row.includes("r3@x.test and 2 more") && row.includes("when released"));
});

Deno.test("toldOf() tells of all that was chosen", () => {
  assertEquals(toldOf("drop", { done: ["a", "b"], busy: [], missing: [] }), "2 dropped");
  assertEquals(
    toldOf("bounce", { done: [], busy: ["a"], missing: ["b"] }),
    "0 sent back; 1 being tried at this moment: try again, or hold first; 1 gone meanwhile",
  );
});
