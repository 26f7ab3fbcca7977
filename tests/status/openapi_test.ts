import { openApi } from "../../mod/status/openapi.ts";
import { QUEUE_ACTIONS } from "../../mod/status/queue_query.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { testApp } from "../support/status_app.ts";

type Json = { readonly [key: string]: unknown };
const VERBS = ["get", "post", "delete", "put"];

// The description as programs get it.
const API = JSON.parse(JSON.stringify(openApi("1"))) as {
  paths: Record<string, Record<string, Json>>;
  components: { schemas: Record<string, Json> };
};

/** "GET /api/queue/{id}" for each described operation. */
function described(): string[] {
  return Object.entries(API.paths).flatMap(([path, item]) =>
    Object.keys(item).filter((verb) => VERBS.includes(verb)).map((verb) => `${verb.toUpperCase()} ${path}`)
  );
}

Deno.test("openApi() describes every route of the API, and no other", () => {
  const routes = testApp().hono.routes
    .filter((r) => r.method !== "ALL" && (r.path.startsWith("/api/") || /^\/(metrics|healthz)$/.test(r.path)))
    .map((r) => `${r.method} ${r.path.replace(/:(\w+)/g, "{$1}")}`);
  assertEquals(described().sort(), [...new Set(routes)].sort());
});

/** What is wrong with a value by a schema; as much of JSON Schema as the description uses. */
function faults(value: unknown, schema: Json, at: string): string[] {
  if (typeof schema.$ref === "string") {
    return faults(value, API.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? { enum: [] }, at);
  }
  if (Array.isArray(schema.oneOf)) {
    return (schema.oneOf as Json[]).some((s) => faults(value, s, at).length === 0)
      ? []
      : [`${at}: none fits`];
  }
  if (Array.isArray(schema.enum)) return schema.enum.includes(value) ? [] : [`${at}: ${value}`];
  if ("const" in schema) return value === schema.const ? [] : [`${at}: ${value}`];
  const is = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const allowed = [schema.type].flat().map((t) => t === "integer" ? "number" : t);
  if (!allowed.includes(is)) return [`${at} is ${is}, not ${allowed}`];
  if (is === "array") {
    return (value as unknown[]).flatMap((v, i) => faults(v, schema.items as Json, `${at}[${i}]`));
  }
  if (is !== "object" || !schema.properties) return [];
  const properties = schema.properties as Record<string, Json>;
  const missing = (schema.required as string[]).filter((name) => !(name in (value as Json)));
  return [
    ...missing.map((name) => `${at}.${name} is missing`),
    ...Object.entries(value as Json).flatMap(([name, v]) =>
      properties[name] ? faults(v, properties[name], `${at}.${name}`) : [`${at}.${name} is not described`]
    ),
  ];
}

Deno.test("what the API answers is as openApi() says", async () => {
  const { ask } = testApp({
    health: () => Promise.resolve([{ level: "warn", about: "disk", what: "little", fix: null }]),
    decisions:
      () => [{ time: "", what: "x", tone: "bad", id: null, from: null, to: null, peer: "p", why: "" }],
    accounts: () =>
      Promise.resolve([{
        address: "a@b",
        disabled: false,
        quota: { octets: 1, messages: null },
        used: { octets: 1, messages: 1 },
      }, { address: "a@b", disabled: false, quota: { octets: null, messages: null }, used: null }]),
    domains: () => Promise.resolve([{ domain: "a", records: [], asked: null, findings: [] }]),
  });
  let checked = 0;
  for (const operation of described()) {
    const [method = "", path = ""] = operation.split(" ");
    if (method !== "GET" || path === "/metrics") continue;
    const answer = await ask(method, path.replace("{id}", "q1").replace("{asked}", "q1"), { token: "right" });
    const item = API.paths[path]?.get as {
      responses: { 200: { content: Record<string, { schema: Json }> } };
    };
    const schema = item.responses[200].content["application/json"]?.schema ?? {};
    assertEquals([answer.status, faults(await answer.json(), schema, "")], [200, []], operation);
    checked++;
  }
  assert(checked > 12);
  for (const action of QUEUE_ACTIONS) {
    const many = await ask("POST", `/api/queue/${action}?all=1`, { token: "right" });
    assertEquals(faults(await many.json(), API.components.schemas.Changes ?? {}, ""), [], action);
  }
});

Deno.test("openApi() refers only to what it has, and says where a token is needed", () => {
  const text = JSON.stringify(API);
  for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
    assert(name !== undefined && name in API.components.schemas, name);
  }
  for (const operation of described()) {
    const [method = "", path = ""] = operation.split(" ");
    const security = API.paths[path]?.[method.toLowerCase()]?.security;
    assertEquals(JSON.stringify(security), method === "GET" ? undefined : '[{"token":[]}]', operation);
  }
});
