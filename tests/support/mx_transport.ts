/** The way out by MX records to fake peers, all at 192.0.2.1. */
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { SmtpTransport, type TransportPorts } from "../../mod/outbound/deliver.ts";
import { Routes } from "../../mod/outbound/route.ts";
import type { Batch, RecipientOutcome } from "../../mod/queue/transport.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemoryLog } from "./memory_log.ts";
import { SeededRandom } from "./seeded_random.ts";
import { FakeConnector, type PeerManners, SmtpPeer } from "./smtp_peer.ts";

/** Delivers one message to bob at `domain`; the peers are met one after the other. */
export async function deliverOnce(
  domain: string,
  peers: readonly PeerManners[],
  ports: Pick<TransportPorts, "resolver" | "tlsPolicies" | "tlsSessions">,
  over: Partial<Batch> = {},
): Promise<RecipientOutcome | undefined> {
  const transport = new SmtpTransport({
    ...ports,
    connector: new FakeConnector({ "192.0.2.1": peers.map((p) => new SmtpPeer(p)) }),
    clock: new FakeClock(),
    random: new SeededRandom(),
    log: new MemoryLog(),
    hostname: "mail.example.org",
    network: "open",
    routes: new Routes([]),
    isOwnName: () => false,
    isOwnAddress: () => false,
    passwordFor: () => Promise.resolve(null),
  });
  const [outcome] = await transport.deliver({
    sender: null,
    recipients: [{ address: { local: "bob", domain } }],
    destination: domain,
    body: memoryBody(utf8("Subject: hi\r\n\r\nhi\r\n")),
    eightBit: false,
    smtpUtf8: false,
    traceId: "t1",
    ...over,
  }, new AbortController().signal);
  await transport.close();
  return outcome;
}
