/**
 * UIDL in the form of the server that was here before, as Dovecot's `pop3_uidl_format` writes it: clients then download nothing again. `%u` is the
 * UID and `%v` the UIDVALIDITY, in decimal; with `X` before the letter in hexadecimal, with a width before that filled up by zeros.
 */
export function uniqueId(format: string, uid: number, uidValidity: number): string {
  return format.replace(/%0?(\d?)([Xx]?)([uv])/g, (_, width: string, hex: string, letter: string) => {
    const value = letter === "u" ? uid : uidValidity;
    // Dovecot's %X is in lower case.
    return value.toString(hex === "" ? 10 : 16).padStart(Number(width), "0");
  });
}
