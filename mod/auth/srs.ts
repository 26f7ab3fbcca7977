/**
 * The Sender Rewriting Scheme: the envelope sender of what we forward becomes an address of ours, so that SPF of the next host asks us and
 * not the first sender; reports come back to us and are sent on to him. The form is that of Mail::SRS, libsrs2 and postsrsd: with the same
 * secret either reads what the other wrote.
 *
 *   user@far.example          SRS0=HASH=DAY=far.example=user@ours       the first who forwards
 *   SRS0=H=D=far.example=user@first   SRS1=HASH=first==H=D=far.example=user@ours   all after: only the first is ever kept
 *
 * HASH is the beginning of an HMAC, so that nobody else can make such addresses, DAY a day of 1,024. Some hosts on the way change the case of
 * local parts: neither of them minds.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { asciiLower, utf8 } from "../base/bytes.ts";
import { ADDRESS_LOCAL } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Address, formatAddress, parseAddress, parseDomain } from "../mail/address.ts";

/** Why an address does not lead back: it has not the form, was not made with our secrets, or is too old (or from tomorrow). */
export type SrsError = "not-srs" | "forged" | "expired";

/** Characters of the hash: what libsrs2 and postsrsd make and want at least. */
const HASH_LENGTH = 4;
const DAY = 24 * 60 * 60 * 1000;
/** Days are counted in two digits of base 32. */
const DAYS = 1024;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** Days an address lasts: longer than any queue keeps mail, and as long as with the others. */
const LASTS = 21;
/** Others may have another sign after SRS0 and SRS1; what follows has "=" always. */
const TAGGED = /^srs([01])([-+=])/i;

/** Whether a local part says that it is such an address, true or forged. */
export function looksLikeSrs(local: string): boolean {
  return TAGGED.test(local);
}

/** Rewrites with the first secret and takes what was written with any of them. Times in milliseconds since 1970. */
export class Srs {
  readonly #secrets: readonly string[];

  /** Throws RangeError without a secret. */
  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new RangeError("Cannot rewrite senders without a secret");
    this.#secrets = secrets;
  }

  /**
   * The address at `domain` that leads back to `sender`; null where it would have more octets than we take in a local part. Past 64 octets it
   * is longer than RFC 5321 4.5.3.1.1 promises, and yet taken by all common servers.
   */
  forward(sender: Address, domain: string, now: number): Address | null {
    const local = this.#forwarded(sender, now);
    return utf8(local).length > ADDRESS_LOCAL ? null : { local, domain };
  }

  /** What an address of ours leads back to: the sender, or for SRS1 the SRS0 address of the host that forwarded first. */
  reverse(address: Address, now: number): Result<Address, SrsError> {
    const tag = TAGGED.exec(address.local);
    if (!tag) return err("not-srs");
    const rest = address.local.slice(tag[0].length);
    return tag[1] === "0" ? this.#sender(rest, now) : this.#first(rest);
  }

  #forwarded({ local, domain }: Address, now: number): string {
    const tag = TAGGED.exec(local);
    if (tag?.[1] === "0") return this.#guarded(domain, local.slice("SRS0".length));
    const inner = tag ? chained(local.slice(tag[0].length)) : null;
    // Whoever forwarded before us is left out: reports go from us to the first, and chains do not grow.
    if (inner) return this.#guarded(inner.host, inner.opaque);
    const day = dayOf(now);
    const stamp = `${DIGITS[day >> 5]}${DIGITS[day & 31]}`;
    return `SRS0=${this.#hash(this.#secrets[0] ?? "", [stamp, domain, local])}=${stamp}=${domain}=${local}`;
  }

  #guarded(host: string, opaque: string): string {
    return `SRS1=${this.#hash(this.#secrets[0] ?? "", [host, opaque])}=${host}=${opaque}`;
  }

  #sender(rest: string, now: number): Result<Address, SrsError> {
    const [, hash = "", stamp = "", domain = "", local = ""] = /^([^=]+)=([^=]+)=([^=]+)=(.+)$/s.exec(rest) ??
      [];
    const to = addressOf(local, domain);
    if (!to) return err("not-srs");
    if (!this.#made(hash, [stamp, domain, local])) return err("forged");
    return isFresh(stamp, now) ? ok(to) : err("expired");
  }

  /** The age is for the host that forwarded first to judge: only it wrote the day. */
  #first(rest: string): Result<Address, SrsError> {
    const hash = rest.slice(0, Math.max(0, rest.indexOf("=")));
    const inner = chained(rest);
    const to = inner && addressOf(`SRS0${inner.opaque}`, inner.host);
    if (!to) return err("not-srs");
    return this.#made(hash, [inner.host, inner.opaque]) ? ok(to) : err("forged");
  }

  /** Whether one of our secrets gives this hash; a longer one than ours must be right in all it says. */
  #made(hash: string, parts: readonly string[]): boolean {
    if (hash.length < HASH_LENGTH) return false;
    const given = utf8(asciiLower(hash));
    return this.#secrets.some((secret) => {
      const right = utf8(asciiLower(this.#hash(secret, parts, hash.length)));
      return given.length === right.length && timingSafeEqual(given, right);
    });
  }

  #hash(secret: string, parts: readonly string[], length = HASH_LENGTH): string {
    const hmac = createHmac("sha1", secret);
    for (const part of parts) hmac.update(asciiLower(part));
    return hmac.digest("base64").slice(0, length);
  }
}

/** Of "HASH=host=OPAQUE" the host and what follows it, which begins with the sign after SRS0; null where it is no such text. */
function chained(rest: string): { readonly host: string; readonly opaque: string } | null {
  const [, host, opaque] = /^[^=]+=([^=]+)=([-+=].+)$/s.exec(rest) ?? [];
  return host === undefined || opaque === undefined ? null : { host, opaque };
}

function addressOf(local: string, domain: string): Address | null {
  const host = parseDomain(domain);
  if (local === "" || !host.ok) return null;
  // What a host on the way made of it may be no local part any more.
  const parsed = parseAddress(formatAddress({ local, domain: host.value }));
  return parsed.ok ? parsed.value : null;
}

function dayOf(now: number): number {
  return Math.floor(now / DAY) % DAYS;
}

/** As with the others: not older than LASTS days; a day that has not come yet was one of the last round. */
function isFresh(stamp: string, now: number): boolean {
  const digits = [...stamp].map((c) => DIGITS.indexOf(c.toUpperCase()));
  const [high, low] = digits;
  if (digits.length !== 2 || high === undefined || low === undefined || high < 0 || low < 0) return false;
  return (dayOf(now) - (high * 32 + low) + DAYS) % DAYS <= LASTS;
}
