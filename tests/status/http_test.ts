import { Hono } from "hono";
import { type Env, formOf, hostOf, textWithin } from "../../mod/status/http.ts";
import { assertEquals } from "../support/assert.ts";

const app = new Hono<Env>();
app.post("/text", async (c) => c.json(await textWithin(c, 10)));
app.post("/form", async (c) => c.json([...await formOf(c) ?? ["none"]]));
app.get("/host", (c) => c.text(hostOf(c)));

async function post(path: string, init: RequestInit): Promise<unknown> {
  return await (await app.request(path, { method: "POST", ...init })).json();
}

/** A body without a Content-Length. */
function chunks(...parts: readonly string[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(parts.map((p) => new TextEncoder().encode(p)));
}

Deno.test("textWithin() has a bound, whatever the client says", async () => {
  assertEquals(await post("/text", { body: "0123456789" }), "0123456789");
  assertEquals(await post("/text", {}), "");
  assertEquals(await post("/text", { body: "0123456789a" }), null);
  assertEquals(await post("/text", { body: chunks("01234", "567", "89") }), "0123456789");
  assertEquals(await post("/text", { body: chunks("012345", "67890") }), null);
  assertEquals(await post("/text", { body: "x", headers: { "content-length": "99" } }), null);
});

Deno.test("formOf() takes forms alone", async () => {
  const type = "application/x-www-form-urlencoded;charset=UTF-8";
  assertEquals(await post("/form", { body: "a=1&b=%C3%A4&a=2", headers: { "content-type": type } }), [
    ["a", "1"],
    ["b", "ä"],
    ["a", "2"],
  ]);
  assertEquals(await post("/form", { body: "a=1", headers: { "content-type": "text/plain" } }), ["none"]);
});

Deno.test("hostOf() leaves the port out", async () => {
  const table = [["Mail.Example.ORG:8080", "mail.example.org"], ["[::1]:80", "[::1]"], ["a.test", "a.test"]];
  for (const [given, host] of table) {
    assertEquals(await (await app.request("/host", { headers: { host: given ?? "" } })).text(), host);
  }
});
