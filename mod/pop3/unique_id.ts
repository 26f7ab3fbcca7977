/**
 * UIDL in the form of the server that was here before, as Dovecot's `pop3_uidl_format` writes it: clients then download nothing again. `%u` is the
 * UID and `%v` the UIDVALIDITY, in decimal; with `X` before the letter in hexadecimal, with a width before that filled up by zeros. `%f` is the name of
 * the message's file without its flags, `%g` the same, but one for all copies of a message.
 */
export interface MessageNames {
  readonly uid: number;
  readonly uidValidity: number;
  readonly file: string;
  readonly guid: string;
}

export function uniqueId(format: string, { uid, uidValidity, file, guid }: MessageNames): string {
  return format.replace(/%(?:0?(\d)?([Xx]?)([uv])|([fg]))/g, (_, width, hex, letter, name) => {
    if (name) return name === "f" ? file : guid;
    const value = letter === "u" ? uid : uidValidity;
    // Dovecot's %X is in lower case.
    return value.toString(hex === "" ? 10 : 16).padStart(Number(width ?? 0), "0");
  });
}

/** As a line of POP3 may have it (RFC 1939 7): printable, without blanks. File names may hold anything. */
export function printableId(id: string): string {
  return id.replace(/[^!-~]/gu, "_") || "_";
}
