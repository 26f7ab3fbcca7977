import { lineAdvice, lookAtLine } from "../../mod/app/line.ts";
import { parseConfig } from "../../mod/config/load.ts";
import { quickstartConfig } from "../../mod/config/template.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Machine } from "../support/command.ts";
import { zone, type ZoneData } from "../support/zone.ts";

const WORLD: ZoneData = {
  "gmail.com": { MX: ["5 mx.gmail.com"] },
  "mx.gmail.com": { A: ["203.0.113.99"] },
  "smtp.gmail.com": { A: ["203.0.113.98"] },
};

interface Case {
  readonly name: string;
  readonly addresses: readonly string[];
  /** What port 25 answers to EHLO; null where it is blocked. */
  readonly mail: string | null;
  /** The same of port 587. */
  readonly submission: string | null;
  readonly zone?: ZoneData;
  readonly says: readonly string[];
  readonly never?: readonly string[];
}

const SEEN = "250-mx.google.com at your service, [198.51.100.7]";

const CASES: readonly Case[] = [
  {
    name: "a home behind a router, port 25 blocked",
    addresses: ["127.0.0.1", "192.168.1.10", "169.254.3.4", "fe80::1", "fd00::7"],
    mail: null,
    submission: "250-smtp.gmail.com at your service, [198.51.100.7]",
    says: [
      "Others see this machine as 198.51.100.7, behind a router. On it forward these TCP ports to 192.168.1.10:",
      "  25, 110, 143, 465, 587, 993, 995",
      "If the router itself shows another address",
      "Port 25 out is blocked",
      'routes: { "*": "submission://',
    ],
    never: ["169.254", "8080"],
  },
  {
    name: "an address the provider shares",
    addresses: ["127.0.0.1", "100.70.1.2"],
    mail: null,
    submission: SEEN,
    says: ["shares that address among many (CGNAT): nothing can come in"],
  },
  {
    name: "a server with its own address and name",
    addresses: ["127.0.0.1", "198.51.100.7"],
    mail: SEEN,
    submission: null,
    zone: {
      "7.100.51.198.in-addr.arpa": { PTR: ["mail.example.org"] },
      "mail.example.org": { A: ["198.51.100.7"] },
    },
    says: ["at 198.51.100.7, its own address", "Port 25 out is open: mx.gmail.com answers"],
    never: ["router", "PTR", "smarthost"],
  },
  {
    name: "a server without a name",
    addresses: ["198.51.100.7"],
    mail: SEEN,
    submission: null,
    says: ["7.100.51.198.in-addr.arpa has a PTR record"],
  },
  {
    name: "an address called as those of homes are",
    addresses: ["192.168.1.10"],
    mail: SEEN,
    submission: null,
    zone: {
      "7.100.51.198.in-addr.arpa": { PTR: ["p100-7.dsl.isp.example"] },
      "p100-7.dsl.isp.example": { A: ["198.51.100.7"] },
    },
    says: ["is called p100-7.dsl.isp.example, as addresses of homes are"],
  },
  {
    name: "no internet",
    addresses: ["192.168.1.10"],
    mail: null,
    submission: null,
    says: ["Nobody outside answers", "--closed"],
    never: ["router", "blocked"],
  },
  {
    name: "a host that tells nonsense",
    addresses: ["192.168.1.10"],
    mail: "250 [10.0.0.1] [\x1b[31m",
    submission: "250 [999.1.1.1]",
    says: ["Nobody outside tells", "Port 25 out is open"],
    never: ["10.0.0.1", "\x1b"],
  },
];

Deno.test("lookAtLine() tells what a line needs", async () => {
  const parsed = parseConfig(
    "/roost.yaml",
    quickstartConfig({
      hostname: "mail.example.org",
      data: "data",
      closed: false,
      owner: { local: "you", domain: "example.org" },
    }),
  );
  assert(parsed.ok);
  for (const { name, addresses, mail, submission, zone: more, says, never } of CASES) {
    const m = new Machine();
    m.addresses = addresses;
    if (mail !== null) m.greetings.set("203.0.113.99:25", { kind: "line", line: "220 mx.gmail.com" });
    if (mail !== null) m.hellos.set("203.0.113.99:25", mail);
    if (submission !== null) m.hellos.set("203.0.113.98:587", submission);
    const line = await lookAtLine({ ...m.tools, resolver: zone({ ...WORLD, ...more }) }, "mail.example.org");
    const told = lineAdvice(line, parsed.value.config).join("\n");
    for (const part of says) assert(told.includes(part), `${name}: "${part}" is not in\n${told}`);
    for (const part of never ?? []) assert(!told.includes(part), `${name}: "${part}" is in\n${told}`);
    assertEquals(line.online, mail !== null || submission !== null, name);
  }
});
