/** What is answered to what cannot be read or kept. */
import type { CommandFault } from "./command.ts";
import type { IntakeFault } from "./intake.ts";
import { REPLY, type Reply } from "./reply.ts";

/** To a line that is no command. */
export const COMMAND_FAULTS: { readonly [F in CommandFault]: Reply } = {
  unknown: REPLY.unknown,
  foreign: REPLY.foreign,
  "bad-chunk": REPLY.badChunk,
  "bad-text": REPLY.badText,
  "no-argument": REPLY.noArgument,
  syntax: REPLY.syntax,
  "syntax-hello": REPLY.syntaxHello,
  "syntax-mail": REPLY.syntaxMail,
  "syntax-rcpt": REPLY.syntaxRcpt,
  "bad-sender": REPLY.badSender,
  "bad-recipient": REPLY.badRecipient,
  "bad-parameter": REPLY.badParameter,
  "unknown-parameter": REPLY.unknownParameter,
};

/** To a message that was read and is not taken. */
export const DATA_FAULTS: { readonly [K in IntakeFault["kind"]]: Reply } = {
  "too-big": REPLY.tooBig,
  "header-too-big": REPLY.headerTooBig,
  bare: REPLY.bareData,
  nul: REPLY.nulData,
  loop: REPLY.loop,
  "spool-full": REPLY.noSpace,
  "spool-broken": REPLY.notDelivered,
};
