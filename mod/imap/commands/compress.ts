/** COMPRESS (RFC 4978): all that follows the reply is compressed, both ways. */
import { bad, no, okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";

export function compress(session: ImapSession, command: { readonly algorithm: string }): Handled {
  if (command.algorithm !== "DEFLATE") return bad("Unknown algorithm");
  if (session.ports.compression === undefined) return bad("Compression is not offered");
  if (session.compressed) return no("COMPRESSIONACTIVE", "Compression is active already");
  session.compressed = true;
  return { ...okay("Compression begins"), then: "compress" };
}
