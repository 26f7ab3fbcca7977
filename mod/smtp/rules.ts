/** Which command is for which moment of a session (RFC 5321 4.1.4), and who answers it. */
import type { Command, Verb } from "./command.ts";
import { REPLY, type Reply } from "./reply.ts";
import type { SmtpSession } from "./session.ts";

/** What the loop does after it has sent `reply`: for "starttls" the reply is the invitation, sent by whoever starts TLS. */
export type Outcome =
  | { readonly next: "command" | "auth" | "data" | "starttls" | "close"; readonly reply: Reply }
  /** So many octets follow. "chunk": they are the message's; `reply` is for after them, if they are not the last. "skip": nobody's. */
  | { readonly next: "chunk"; readonly reply: Reply; readonly size: number; readonly last: boolean }
  | { readonly next: "skip"; readonly reply: Reply; readonly size: number };

/** Most answers are there at once; a promise each would cost a turn. */
export type Later<T> = T | Promise<T>;

/** hello: nobody greeted yet. ready: no transaction. mail: MAIL was accepted. chunks: BDAT was, the message is coming. */
export type Phase = "hello" | "ready" | "mail" | "chunks";

/** A row of the table of commands. */
export interface Rule<C> {
  readonly in: readonly Phase[];
  /** Answer in any other phase. */
  readonly else: Reply;
  run(s: SmtpSession, c: C): Later<Outcome>;
}

const ANY: readonly Phase[] = ["hello", "ready", "mail", "chunks"];

/** Order of commands, RFC 5321 4.1.4. */
export const RULES: { readonly [V in Verb]: Rule<Extract<Command, { verb: V }>> } = {
  EHLO: { in: ANY, else: REPLY.sequence, run: (s, c) => s.hello("EHLO", c.domain) },
  HELO: { in: ANY, else: REPLY.sequence, run: (s, c) => s.hello("HELO", c.domain) },
  LHLO: { in: ANY, else: REPLY.sequence, run: (s, c) => s.hello("LHLO", c.domain) },
  MAIL: { in: ["ready"], else: REPLY.nestedMail, run: (s, c) => s.mail(c) },
  RCPT: { in: ["mail"], else: REPLY.needMail, run: (s, c) => s.rcpt(c) },
  DATA: { in: ["mail"], else: REPLY.needMail, run: (s) => s.data() },
  BDAT: { in: ANY, else: REPLY.sequence, run: (s, c) => s.bdat(c) },
  RSET: { in: ANY, else: REPLY.sequence, run: (s) => s.rset() },
  NOOP: { in: ANY, else: REPLY.sequence, run: () => say(REPLY.ok) },
  VRFY: { in: ANY, else: REPLY.sequence, run: () => say(REPLY.cannotVerify) },
  EXPN: { in: ANY, else: REPLY.sequence, run: () => say(REPLY.noExpand) },
  HELP: { in: ANY, else: REPLY.sequence, run: () => say(REPLY.help) },
  QUIT: { in: ANY, else: REPLY.sequence, run: () => ({ next: "close", reply: REPLY.bye }) },
  STARTTLS: { in: ["hello", "ready"], else: REPLY.sequence, run: (s) => s.startTls() },
  ETRN: { in: ["ready"], else: REPLY.sequence, run: (s, c) => s.etrn(c) },
  AUTH: { in: ["ready"], else: REPLY.authNotNow, run: (s, c) => s.auth(c) },
};

/** Commands that do no work for mail: so many are permitted between two messages. */
export const JUNK: ReadonlySet<Verb> = new Set([
  "EHLO",
  "HELO",
  "LHLO",
  "RSET",
  "NOOP",
  "VRFY",
  "EXPN",
  "HELP",
  "AUTH",
  "ETRN",
]);

/** Answers, and goes on with the next command. */
export function say(answer: Reply): Outcome {
  return { next: "command", reply: answer };
}
