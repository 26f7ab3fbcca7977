/** The description of the API for programs (OpenAPI 3.1). True to the routes: a test walks both. */
import { STATUS_BODY } from "../base/limits.ts";
import { QUEUE_ACTIONS } from "./queue_query.ts";
import type { QueueAction } from "./types.ts";

type Json = { readonly [key: string]: unknown };

const STRING: Json = { type: "string" };
const NUMBER: Json = { type: "number" };
const COUNT: Json = { type: "integer", minimum: 0 };
const BOOLEAN: Json = { type: "boolean" };
const TIME: Json = { type: "string", format: "date-time" };

function nullable(schema: Json): Json {
  return "$ref" in schema
    ? { oneOf: [schema, { type: "null" }] }
    : { ...schema, type: [schema.type, "null"] };
}

function list(items: Json): Json {
  return { type: "array", items };
}

function object(properties: Record<string, Json>, optional: readonly string[] = []): Json {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required };
}

function ref(name: keyof typeof SCHEMAS): Json {
  return { $ref: `#/components/schemas/${name}` };
}

const LEVEL: Json = { enum: ["ok", "warn", "fail"] };
const FINDING = object({ level: LEVEL, about: STRING, what: STRING, fix: nullable(STRING) });
const AMOUNT = { octets: COUNT, messages: COUNT };
const REPORT = { received: TIME, organization: STRING, id: STRING, begin: TIME, end: TIME, domain: STRING };

const SCHEMAS = {
  Error: object({ error: STRING }),
  Finding: FINDING,
  Status: object({
    version: STRING,
    commit: nullable(STRING),
    hostname: STRING,
    network: { enum: ["open", "closed"] },
    started: TIME,
    uptime: { ...COUNT, description: "seconds" },
    listeners: list(object({ kind: STRING, address: STRING, port: COUNT, connections: COUNT })),
    queue: object({ size: COUNT, pending: COUNT, oldest: nullable(TIME) }),
    mail: object({ accepted: COUNT, refused: COUNT, delivered: COUNT, sent: COUNT, bounced: COUNT }),
    logins: object({ ok: COUNT, refused: COUNT }),
    disk: object({ path: STRING, free: nullable(COUNT), total: nullable(COUNT) }),
    memory: object({ rss: COUNT, heap: COUNT }),
    certificates: list(object({
      source: STRING,
      names: list(STRING),
      issuer: STRING,
      begins: TIME,
      expires: TIME,
      days: { type: "integer", description: "until then; below 0 when it has ended" },
      renews: nullable(TIME),
      fingerprint: STRING,
    }, ["begins", "days", "renews"])),
    acme: nullable(object({
      directory: STRING,
      next: TIME,
      tried: nullable(TIME),
      failures: COUNT,
      error: nullable(STRING),
      refused: list(STRING),
    })),
  }, ["acme"]),
  Slot: object({
    start: { ...NUMBER, description: "milliseconds since 1970" },
    accepted: COUNT,
    refused: COUNT,
    delivered: COUNT,
    sent: COUNT,
    bounced: COUNT,
  }),
  Decision: object({
    time: TIME,
    what: STRING,
    tone: { enum: ["good", "bad", "plain"] },
    id: nullable(STRING),
    from: nullable(STRING),
    to: nullable(STRING),
    peer: nullable(STRING),
    why: STRING,
  }),
  Account: object({
    address: STRING,
    disabled: BOOLEAN,
    quota: object({ octets: nullable(COUNT), messages: nullable(COUNT) }),
    used: nullable(object(AMOUNT)),
  }),
  Domain: object({
    domain: STRING,
    records: list(
      object({ name: STRING, type: STRING, value: STRING, need: { enum: ["must", "may"] }, why: STRING }),
    ),
    asked: nullable(TIME),
    findings: list(FINDING),
  }),
  Story: object({
    asked: STRING,
    messages: list({ type: "object" }),
    refusals: list({ type: "object" }),
    more: { ...BOOLEAN, description: "there are older ones" },
  }),
  Message: object({
    id: STRING,
    state: { enum: ["pending", "held", "deferred"] },
    sender: STRING,
    size: COUNT,
    arrived: TIME,
    attempts: COUNT,
    next: nullable(TIME),
    recipients: list(object({ address: STRING, state: STRING, reply: nullable(STRING) })),
  }),
  Changes: object({
    done: COUNT,
    busy: COUNT,
    missing: COUNT,
    ids: object({ done: list(STRING), busy: list(STRING), missing: list(STRING) }, ["missing"]),
  }, ["missing"]),
  Away: object({
    hosts: list(object({
      host: STRING,
      address: STRING,
      port: COUNT,
      since: TIME,
      until: TIME,
      failures: COUNT,
      why: STRING,
    })),
    destinations: list(object({ destination: STRING, until: TIME, failures: COUNT })),
  }),
  Suppressed: object({
    address: STRING,
    bounces: COUNT,
    first: TIME,
    last: TIME,
    why: STRING,
    until: nullable(TIME),
  }),
  TlsReport: object({
    ...REPORT,
    successes: COUNT,
    failures: COUNT,
    worst: list(object({ type: STRING, mx: nullable(STRING), sessions: COUNT })),
  }),
  DmarcReport: object({
    ...REPORT,
    policy: STRING,
    passed: COUNT,
    failed: COUNT,
    quarantined: COUNT,
    rejected: COUNT,
    worst: list(object({ source: STRING, headerFrom: STRING, messages: COUNT })),
  }),
} as const;

const ID: Json = { name: "id", in: "path", required: true, schema: STRING };
const FILTERS: readonly Json[] = [
  ["domain", STRING, "waits for a recipient there"],
  ["sender", STRING, 'also "@DOMAIN", or "<>" for reports'],
  ["older_than", COUNT, "seconds since it was accepted"],
  ["state", { enum: ["pending", "held", "deferred"] }, "how it waits"],
  ["all", STRING, "any value: all messages"],
].map(([name, schema, description]) => ({ name, in: "query", schema, description }));

const DOES: Readonly<Record<QueueAction, string>> = {
  retry: "Tries now",
  hold: "Keeps from being tried",
  release: "Ends a hold",
  bounce: "Sends back to the sender",
  drop: "Throws away, telling nobody",
};

/** The whole description. */
export function openApi(version: string): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "Roost",
      version,
      description:
        'Reading is free from this machine itself; all else needs a token ("roost token add NAME").',
    },
    paths: { ...READING, ...CHANGING, ...queuePaths() },
    components: {
      schemas: SCHEMAS,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
    security: [{ token: [] }, {}],
  };
}

const READING: Json = {
  "/healthz": { get: read("That it runs", object({ status: { const: "ok" } })) },
  "/metrics": { get: read("Metrics for Prometheus, with histograms", STRING, "text/plain") },
  "/api/openapi.json": { get: read("This description", { type: "object" }) },
  "/api/status": { get: read("Numbers since the start, listeners, certificates", ref("Status")) },
  "/api/health": { get: read("What is not as it should be, worst first", list(ref("Finding"))) },
  "/api/history": { get: read("Mail of the last day, by ten minutes", list(ref("Slot"))) },
  "/api/decisions": { get: read("The last decisions, newest first", list(ref("Decision"))) },
  "/api/accounts": { get: read("Accounts with what they keep", list(ref("Account"))) },
  "/api/domains": { get: read("What DNS should say of our domains, and does", list(ref("Domain"))) },
  "/api/reports/tls": { get: read("TLS reports of others", list(ref("TlsReport"))) },
  "/api/reports/dmarc": { get: read("DMARC reports of others", list(ref("DmarcReport"))) },
  "/api/why/{asked}": {
    parameters: [
      { name: "asked", in: "path", required: true, schema: STRING, description: "an ID or an address" },
      { name: "since", in: "query", schema: COUNT, description: "so many seconds back" },
    ],
    get: read("All that was decided about a message", ref("Story"), undefined, [400]),
  },
  "/api/queue": { get: read("The queue", list(ref("Message"))) },
  "/api/queue/away": { get: read("Hosts and domains that are left alone for a while", ref("Away")) },
  "/api/queue/suppressed": { get: read("Addresses elsewhere that bounce", list(ref("Suppressed"))) },
  "/api/queue/{id}": { parameters: [ID], get: read("One message", ref("Message"), undefined, [404]) },
};

const CHANGING: Json = {
  "/api/reload": {
    post: change("Reads config, accounts and certificates again", object({ reloaded: BOOLEAN }), [422]),
  },
  "/api/certificates/renew": {
    parameters: [{
      name: "revoke",
      in: "query",
      schema: STRING,
      description: "yes: with a new key, and the old certificate revoked",
    }],
    post: change("Renews the certificate of an ACME authority now", object({ renewed: BOOLEAN }), [422]),
  },
  "/api/reports/send": { post: change("Sends the daily reports that are finished", object({ sent: COUNT })) },
  "/api/queue/rescan": {
    post: change("Looks for messages that programs put into the queue's folder", object({ found: COUNT })),
  },
  "/api/queue/suppressed/{address}": {
    parameters: [{
      name: "address",
      in: "path",
      required: true,
      schema: STRING,
      description: "also @DOMAIN",
    }],
    delete: change("Lets mail to an address through again", object({ removed: COUNT }), [404]),
  },
};

function queuePaths(): Json {
  const paths: Record<string, Json> = {};
  for (const action of QUEUE_ACTIONS) {
    const one = change(`${DOES[action]} (one message)`, object({ done: BOOLEAN }), [404, 409]);
    paths[`/api/queue/{id}/${action}`] = { parameters: [ID], post: one };
    const many = change(`${DOES[action]} (those of a filter, or by their IDs)`, ref("Changes"), [400, 413]);
    const ids = { schema: object({ ids: list(STRING) }) };
    const description = `instead of a filter; ${STATUS_BODY} octets at most`;
    paths[`/api/queue/${action}`] = {
      post: {
        ...many,
        parameters: FILTERS,
        requestBody: { description, content: { "application/json": ids } },
      },
    };
  }
  return paths;
}

function read(
  summary: string,
  schema: Json,
  type = "application/json",
  faults: readonly number[] = [],
): Json {
  return { summary, responses: answers(schema, type, faults) };
}

function change(summary: string, schema: Json, faults: readonly number[] = []): Json {
  return { summary, security: [{ token: [] }], responses: answers(schema, "application/json", faults) };
}

function answers(schema: Json, type: string, faults: readonly number[]): Json {
  const fault = { description: "what is wrong", content: { "application/json": { schema: ref("Error") } } };
  return {
    200: { description: "done", content: { [type]: { schema } } },
    ...Object.fromEntries([401, 421, 500, ...faults].map((status) => [status, fault])),
  };
}
