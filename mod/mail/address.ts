/**
 * A mailbox address past the parser. `local` is the local part without quoting (so it may hold any octet a quoted string may; for
 * SMTPUTF8 any UTF-8 text in NFC), in the case it came in. `domain` is lower-case A-labels, or an address literal with its brackets.
 */
export interface Address {
  readonly local: string;
  readonly domain: string;
}
