/** Two mail servers as neighbours, for interop tests. */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { assertEquals } from "./assert.ts";
import { imapClient, mailer } from "./clients.ts";
import { type DnsServer, startDnsServer } from "./dns_server.ts";
import type { FarOptions, FarServer } from "./far_server.ts";
import { eventually } from "./programs.ts";
import { RoostProcess } from "./roost_process.ts";

export const ALICE = "alice@example.test";
export const DELTA = "δέλτα@example.test";
export const PASSWORDS: Readonly<Record<string, string>> = {
  [ALICE]: "secret-alice",
  [DELTA]: "secret-delta",
};
export const CAROL = "carol@far.test";

/** Roost, another mail server, and their name server: each sends to the other by MX. */
export class Neighbours<F extends FarServer> implements AsyncDisposable {
  readonly roost: RoostProcess;
  readonly far: F;
  readonly dns: DnsServer;
  /** Where the other one listens. */
  readonly there: string;
  readonly #all: AsyncDisposableStack;

  private constructor(
    roost: RoostProcess,
    far: F,
    dns: DnsServer,
    there: string,
    all: AsyncDisposableStack,
  ) {
    this.roost = roost;
    this.far = far;
    this.dns = dns;
    this.there = there;
    this.#all = all;
  }

  static async start<F extends FarServer>(
    start: (options: FarOptions) => Promise<F>,
  ): Promise<Neighbours<F>> {
    await using all = new AsyncDisposableStack();
    // Mail exchangers listen on port 25, so each neighbour has a loopback address of its own; any, so that runs do not meet.
    const [here, there] = [loopback(), loopback()];
    const dns = await startDnsServer({
      "far.test": { MX: [{ preference: 10, exchange: "mx.far.test" }] },
      "mx.far.test": { A: [there] },
    });
    all.defer(() => dns.close());
    const roost = all.use(
      await RoostProcess.start({
        address: here,
        ports: { smtp: 25 },
        users: PASSWORDS,
        config: `dns: { servers: ["127.0.0.1:${dns.port}"] }`,
      }),
    );
    const far = all.use(
      await start({
        address: there,
        domain: "far.test",
        users: ["carol", "dora", "ελένη"],
        relay: `[${here}]:25`,
        tls: `${roost.dir}/data/tls`,
      }),
    );
    return new Neighbours(roost, far, dns, there, all.move());
  }

  /** Somebody of ours sends a whole message by submission. */
  async submit(from: string, to: readonly string[], raw: Uint8Array): Promise<void> {
    const transport = mailer(this.roost, "submissions", from, PASSWORDS[from]);
    await transport.sendMail({ envelope: { from, to: [...to] }, raw: Buffer.from(raw) });
  }

  /** The message with `text` in a mailbox of Roost, once it is there. */
  async received(user: string, text: string | RegExp): Promise<Uint8Array> {
    const has = (all: string) => typeof text === "string" ? all.includes(text) : text.test(all);
    const probe = async () => (await inbox(this.roost, user)).find((m) => has(decode(m)));
    return await eventually(`a message with "${text}"`, probe, 20).catch((e) => this.explain(e));
  }

  /** Throws again, with what both logged. */
  async explain(e: unknown): Promise<never> {
    throw new Error(`${e}\n${await this.far.log()}\n${this.roost.log}`);
  }

  /** Messages in Roost's queue. */
  async queued(): Promise<{ readonly id: string; readonly attempts: number }[]> {
    const listed = await this.roost.verb("queue", "list", "--json");
    assertEquals(listed.code, 0, listed.err);
    return JSON.parse(listed.out);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#all.disposeAsync();
  }
}

/** A loopback address of its own for a server, so that it can have port 25 and no run meets another. */
export function loopback(): string {
  return `127.${[...randomBytes(3)].map((n) => 2 + n % 250).join(".")}`;
}

export const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

export async function inbox(roost: RoostProcess, user: string): Promise<Uint8Array[]> {
  const client = await imapClient(roost, user, PASSWORDS[user]);
  try {
    const box = await client.mailboxOpen("INBOX");
    const all: Uint8Array[] = [];
    if (box.exists === 0) return all;
    for await (const m of client.fetch("1:*", { source: true })) all.push(new Uint8Array(m.source ?? []));
    return all;
  } finally {
    await client.logout();
  }
}

export function mail(
  from: string,
  to: string,
  subject: string,
  body: Uint8Array = utf8("x\r\n"),
): Uint8Array {
  return concat([utf8(`From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\n`), body]);
}

/** Octets with LF for CRLF, and the other way round, as Postfix keeps messages. */
export function toLf(bytes: Uint8Array): Uint8Array {
  return bytes.filter((c, i) => c !== 13 || bytes[i + 1] !== 10);
}

/** What follows the header, with LF line ends. */
export function bodyOf(message: Uint8Array): Uint8Array {
  const lf = toLf(message);
  return lf.subarray(lf.findIndex((c, i) => c === 10 && lf[i + 1] === 10) + 2);
}

/** Lines of any octets but NUL, CR and LF, many with dots in front. */
export function oddLines(size: number): Uint8Array {
  const lines: Uint8Array[] = [utf8(".\r\n..\r\n.x\r\n\r\n")];
  for (let at = 0; at < size; at += 500) {
    const line = randomBytes(500).map((c) => c === 0 || c === 10 || c === 13 ? 0xff : c);
    line.fill(0x2e, 0, at % 3);
    lines.push(line, utf8("\r\n"));
  }
  return concat(lines);
}
