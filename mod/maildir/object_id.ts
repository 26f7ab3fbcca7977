/**
 * What a message is known by beyond its mailbox (RFC 8474). That is the base of its first file, without the sizes; copies, whose files have names of
 * their own, carry it in the UID list, in the field Dovecot has for it (`G`).
 */
import { utf8 } from "../base/bytes.ts";

const LONGEST = 255;

/** What copies of a file with this base are to carry. */
export function originOf(base: string): string {
  const comma = base.indexOf(",");
  return comma < 0 ? base : base.slice(0, comma);
}

/** What the extension fields of a UID list's record say of the origin; null when nothing. */
export function originIn(extensions: string): string | null {
  for (const field of extensions.split(" ")) {
    if (field.length > 1 && field.startsWith("G")) return field.slice(1);
  }
  return null;
}

/** The extension field for an origin, with its space. */
export function originField(origin: string): string {
  return `G${origin} `;
}

/** An object id (RFC 8474 7) for an origin: all but letters and digits as _XX, cut in its middle where it would be too long. */
export function objectIdOf(origin: string): string {
  const id = "M" +
    origin.replace(
      /[^A-Za-z0-9-]/gu,
      (c) => [...utf8(c)].map((b) => `_${b.toString(16).padStart(2, "0")}`).join(""),
    );
  return id.length <= LONGEST ? id : id.slice(0, 100) + id.slice(id.length - (LONGEST - 100));
}
