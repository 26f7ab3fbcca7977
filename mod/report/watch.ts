/** Stands before the receiver of messages and keeps an eye open for reports. */
import type { Body } from "../base/body.ts";
import { concat } from "../base/bytes.ts";
import { REPORT_MAIL } from "../base/limits.ts";
import type { ReceiveOutcome, Receiver, Transaction } from "../smtp/ports.ts";
import { mayEnclose } from "./enclosed.ts";

/** The receiver; messages from outside that may bring a report are given to `keep` once they are accepted. */
export function watched(
  receiver: Receiver,
  keep: (message: Uint8Array, id: string) => void,
): Receiver {
  const receive = async (transaction: Transaction, body: Body): Promise<ReceiveOutcome> => {
    // A copy: the body is gone when the receiver is done with it.
    const copy = transaction.client.account === null ? await copyOfReport(body) : null;
    const outcome = await receiver.receive(transaction, body);
    if (copy && outcome.reply.code < 400) keep(copy, transaction.id);
    return outcome;
  };
  return receiver.begin ? { begin: (t) => receiver.begin?.(t) ?? null, receive } : { receive };
}

async function copyOfReport(body: Body): Promise<Uint8Array | null> {
  if (body.size > REPORT_MAIL) return null;
  // Those that lie in a file are a megabyte and more: real reports are smaller, packed as they are.
  if (!body.memory || !mayEnclose(body.memory)) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.stream()) chunks.push(chunk.slice());
  return concat(chunks);
}
