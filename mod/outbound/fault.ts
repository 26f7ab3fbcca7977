import type { PeerReply } from "../queue/transport.ts";
import type { ClientFault } from "../smtp/client.ts";
import { replyText } from "../smtp/client_reply.ts";

/** Why one host, or one way to it, did not take the message. */
export interface HostFault {
  readonly kind: "deferred" | "failed";
  /** RFC 3463. */
  readonly status: string;
  readonly why: string;
  readonly reply: PeerReply | null;
  readonly host: string | null;
  /** It is not about this message: others to this host would fare alike. */
  readonly hostDown: boolean;
  /** It was not reached, or did not come as far as to greet us: whoever connects there now fares alike. */
  readonly unready?: true;
  /** It was not tried: it is left alone until then, in milliseconds since 1970. */
  readonly until?: number;
  /** It offers CHUNKING and does not know BDAT: by DATA it may take the message. */
  readonly chunksBroken?: true;
}

/** A fault without a reply. */
export function hostFault(
  kind: "deferred" | "failed",
  status: string,
  why: string,
  host: string | null,
): HostFault {
  return { kind, status, why, reply: null, host, hostDown: true };
}

/** What a fault in a dialog means for the recipients. For good is only what the host says of itself or of this message. */
export function faultOf(fault: ClientFault, host: string): HostFault {
  if (fault.kind === "lost") {
    const status = fault.stage === "handshake" ? "4.7.5" : "4.4.2";
    const lost = hostFault("deferred", status, `connection lost (${fault.stage}): ${fault.why}`, host);
    return isBeforeMail(fault.stage) ? { ...lost, unready: true } : lost;
  }
  if (fault.kind === "policy") return hostFault("deferred", "4.7.0", fault.why, host);
  const { reply, stage } = fault;
  const hostDown = stage !== "mail" && stage !== "data" && stage !== "body";
  const why = `refused (${stage}): ${replyText(reply)}`;
  if (stage === "chunk") {
    const status = reply.code < 500 && reply.status !== null ? reply.status : "4.5.1";
    return { kind: "deferred", status, why, reply, host, hostDown: false, chunksBroken: true };
  }
  const whole = { why, reply, host, hostDown };
  if (isForGood(fault.stage, reply.code)) {
    return { kind: "failed", status: reply.status ?? "5.0.0", ...whole };
  }
  // A 5xx that we take as temporary must not be reported with a code that says "for good".
  const own = reply.status?.startsWith("4.") ? reply.status : null;
  const usual = stage === "auth" ? "4.7.8" : stage === "greeting" ? "4.3.2" : "4.0.0";
  const unready = isBeforeMail(stage) ? { unready: true as const } : {};
  return { kind: "deferred", status: own ?? usual, ...whole, ...unready };
}

function isBeforeMail(stage: ClientFault["stage"]): boolean {
  return stage === "greeting" || stage === "hello";
}

function isForGood(stage: ClientFault["stage"], code: number): boolean {
  if (code < 500) return false;
  // 521 is "this host takes no mail" (RFC 7504 3); other refusals to greet are mostly overload or a block list, which pass.
  if (stage === "greeting") return code === 521;
  // Our password or the relay's mood: the operator must look, the mail must wait.
  return stage !== "auth" && stage !== "starttls" && stage !== "reset";
}
