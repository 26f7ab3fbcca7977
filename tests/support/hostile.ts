/** What hostile end-to-end tests ask of a server after each threat: others are served, nothing is left behind, nothing unforeseen was logged. */
import { assert, assertEquals } from "./assert.ts";
import { RawClient, smtpMessage } from "./raw_client.ts";
import type { Ports, RoostProcess } from "./roost_process.ts";

/** Milliseconds another client may take for a mail and a login, on a busy machine. */
const QUICK = 5000;

export function connectTo(roost: RoostProcess, service: keyof Ports): Promise<RawClient> {
  return RawClient.connect("127.0.0.1", roost.ports[service]);
}

/** All that a server says until it ends the connection; a reset is an end too. */
export async function toTheEnd(client: RawClient): Promise<string> {
  let text = "";
  try {
    for (;;) {
      const chunk = await client.conn.read();
      if (chunk === null) return text;
      text += new TextDecoder().decode(chunk);
    }
  } catch {
    return text;
  }
}

interface Status {
  readonly listeners: readonly { readonly kind: string; readonly connections: number }[];
  readonly memory: { readonly rss: number };
}

async function status(roost: RoostProcess): Promise<Status> {
  const response = await fetch(`http://127.0.0.1:${roost.ports.http}/api/status`);
  // The contract of mod/status/types.ts.
  return await response.json() as Status;
}

/** Resident memory of the process, in MB. */
export async function residentMb(roost: RoostProcess): Promise<number> {
  return Math.round((await status(roost)).memory.rss / 1_000_000);
}

/** Open connections by listener; those with none are left out. */
export async function openConnections(roost: RoostProcess): Promise<Record<string, number>> {
  // The question itself comes over HTTP.
  const open = (await status(roost)).listeners.filter((l) => l.connections > 0 && l.kind !== "http");
  return Object.fromEntries(open.map((l) => [l.kind, l.connections]));
}

/** Waits until `holds`, 20 seconds at most. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    assert(performance.now() < end, `${what}: not within 20 seconds`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

/** A mail in, and a login that sees the inbox: gives how many messages bob has. */
export async function servedQuickly(roost: RoostProcess, after: string): Promise<number> {
  const begin = performance.now();
  const smtp = await connectTo(roost, "smtp");
  await smtp.reply();
  await smtp.say("EHLO probe.test\r\n");
  await smtp.reply();
  assert(
    await smtpMessage(smtp, "a@elsewhere.test", "bob@example.test", "Subject: probe\r\n\r\nhello"),
    after,
  );
  smtp.close();
  const imap = await connectTo(roost, "imap");
  await imap.line();
  await imap.say("a LOGIN bob@example.test secret-bob\r\nb SELECT INBOX\r\n");
  const lines = await imap.tagged("b");
  imap.close();
  const exists = lines.map((l) => /^\* (\d+) EXISTS$/.exec(l)?.[1]).find((n) => n !== undefined);
  assert(exists !== undefined, lines.join("\n"));
  const took = performance.now() - begin;
  assert(took < QUICK, `after ${after} another client waited ${Math.round(took)} ms`);
  return Number(exists);
}

/** No connection is left, the log tells of nothing unforeseen. */
export async function nothingLeft(roost: RoostProcess, after: string): Promise<void> {
  let open: Record<string, number> = {};
  await until(async () => {
    open = await openConnections(roost);
    return Object.keys(open).length === 0;
  }, `connections left after ${after}`);
  assertEquals(unforeseen(roost), [], after);
}

/** Log lines of what nobody foresaw. */
export function unforeseen(roost: RoostProcess): string[] {
  return roost.log.split("\n").filter((l) =>
    l.includes('"level":"error"') || /[Uu]ncaught|unhandled/.test(l) || (l !== "" && !l.startsWith("{"))
  );
}
