/** THREAD (RFC 5256). */
import { writeThread } from "../format_thread.ts";
import { okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import { searchSession } from "../search_session.ts";
import type { ImapSession } from "../session.ts";
import { Slice } from "../slice.ts";
import { threadMessages } from "../thread.ts";
import type { ThreadCommand } from "../types.ts";

/** Octets of an answer for one message. */
const MESSAGE_WORK = 64;

export async function thread(session: ImapSession, command: ThreadCommand): Promise<Handled> {
  const { box, ports, out } = session;
  const { list, seqs } = await searchSession(session, command.key);
  const pause = () => ports.pause();
  const threads = await threadMessages({
    mailbox: box.mailbox,
    view: list,
    seqs,
    algorithm: command.algorithm,
    clock: ports.clock,
    pause,
    index: seqs.length > 0 ? await box.index() : null,
  });
  const slice = new Slice(ports.clock, pause);
  session.progress?.hold();
  out.buffer.ascii(threads.length > 0 ? "* THREAD " : "* THREAD");
  for (const one of threads) {
    const told = writeThread(out.buffer, one, (seq) => command.uid ? list[seq - 1]?.uid ?? 0 : seq);
    await slice.spend(told * MESSAGE_WORK);
    if (out.full) await out.flush();
  }
  out.line("");
  return okay("Thread completed");
}
