import { type Body, memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { SmtpClient } from "../../mod/smtp/client.ts";
import type { ClientEnvelope } from "../../mod/smtp/client_envelope.ts";
import type { SendResult } from "../../mod/smtp/client_outcome.ts";
import { sendMessage } from "../../mod/smtp/client_send.ts";
import { assert } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type PeerManners, SmtpPeer } from "../support/smtp_peer.ts";

export const TEXT = "Subject: hi\r\n\r\n.dot\r\n";

/** From alice to each of these at example.net. */
export function envelope(...locals: string[]): ClientEnvelope {
  return {
    sender: { local: "alice", domain: "example.org" },
    recipients: locals.map((local) => ({ address: { local, domain: "example.net" } })),
    eightBit: false,
    smtpUtf8: false,
  };
}

/** A connection to such a peer, one message, and what came of it. */
export async function send(
  manners: PeerManners,
  env: ClientEnvelope = envelope("bob"),
  body: Body = memoryBody(utf8(TEXT)),
  protocol: "smtp" | "lmtp" = "smtp",
): Promise<{ readonly peer: SmtpPeer; readonly client: SmtpClient; readonly result: SendResult }> {
  const peer = new SmtpPeer(manners);
  const client = new SmtpClient(peer, { protocol, hostname: "mail.example.org", clock: new FakeClock() });
  assert((await client.open()).ok);
  const result = await sendMessage(client, env, body);
  return { peer, client, result };
}

/** "delivered", "failed 5.1.1", "deferred 4.2.0", or "not taken: mail". */
export function short(result: SendResult): string[] {
  if (result.kind === "not-taken") return [`not taken: ${result.fault.stage}`];
  return result.outcomes.map((o) =>
    o.kind === "delivered" ? o.kind : `${o.kind} ${o.status}${o.again ? " again" : ""}`
  );
}

/** A body that lends one and the same buffer for each chunk, as a spool file does. */
export function lentBody(chunks: readonly string[], fails = false): Body {
  const buffer = new Uint8Array(64 * 1024);
  return {
    size: chunks.reduce((n, c) => n + c.length, 0),
    memory: null,
    async *stream() {
      for (const chunk of chunks) {
        await Promise.resolve();
        const bytes = utf8(chunk);
        buffer.set(bytes);
        yield buffer.subarray(0, bytes.length);
      }
      if (fails) throw new Error("disk gone");
    },
    dispose: () => Promise.resolve(),
  };
}
