/**
 * Mail to the postmaster before a certificate ends that should long have been renewed: some days before, once each, across restarts. What was told
 * is on the medium before the mail is queued, so that a server that falls over again and again does not write each time.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import { NOTICE_CERTIFICATES, NOTICE_DAYS, NOTICE_FILE } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { type Address, formatAddress } from "../mail/address.ts";
import { composeText } from "../mail/compose.ts";
import { formatDate } from "../mail/date.ts";

/** A certificate in use. Times in milliseconds since 1970. */
export interface WatchedCertificate {
  /** For people: "mail.example.org", "our own authority". */
  readonly about: string;
  /** What to do, should nobody have renewed it. */
  readonly fix: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly fingerprint: string;
}

export interface NoticePorts {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly log: Log;
  /** Keeps what was told; its folder is there. */
  readonly file: string;
  readonly hostname: string;
  certificates(): readonly WatchedCertificate[];
  /** Whom to tell; null for nobody. */
  postmaster(): Address | null;
  /** Hands a message to the queue. */
  send(message: Uint8Array, to: Address): Promise<void>;
}

interface Due {
  readonly certificate: WatchedCertificate;
  /** Of NOTICE_DAYS. */
  readonly days: number;
}

/** Fingerprint -> the days of the last notice about it. */
type Told = ReadonlyMap<string, number>;

const DAY = 86_400_000;

/** Looks once, by a clock that is believed to be right, and writes if there is something to write. Never throws. True when a mail went out. */
export async function tellOfCertificates(ports: NoticePorts): Promise<boolean> {
  const { fs, clock, log, file, hostname } = ports;
  try {
    const to = ports.postmaster();
    const now = clock.now();
    if (to === null) return false;
    const certificates = distinct(ports.certificates());
    const told = readTold(await fs.readFile(file, NOTICE_FILE));
    const due = certificates.flatMap((c) => dueNotice(c, now, told.get(c.fingerprint)) ?? []);
    if (due.length === 0) return false;
    await replaceFile(fs, file, formatTold(told, certificates, due));
    try {
      await ports.send(formatNotice(hostname, to, due, now), to);
    } catch (e) {
      // Nobody was told: next time.
      await replaceFile(fs, file, formatTold(told, certificates, []));
      throw e;
    }
    log.info("postmaster told of certificates", { certificates: due.length });
    return true;
  } catch (cause) {
    log.error("postmaster not told of certificates", {}, cause);
    return false;
  }
}

/** The notice that is due about a certificate; null when there is none, or it was given. */
export function dueNotice(
  certificate: WatchedCertificate,
  now: number,
  told: number | undefined,
): Due | null {
  const { notBefore, notAfter } = certificate;
  // Those that have ended, or have not begun, are no matter of a notice ahead.
  if (now >= notAfter || now < notBefore) return null;
  // One that lives for a week is not renewed a fortnight before its end.
  const days = NOTICE_DAYS.filter((d) => d * DAY < (notAfter - notBefore) / 3 && notAfter - now <= d * DAY)
    .at(-1);
  return days === undefined || told !== undefined && told <= days ? null : { certificate, days };
}

/** The mail: a paragraph a certificate. */
export function formatNotice(hostname: string, to: Address, due: readonly Due[], now: number): Uint8Array {
  const left = (c: WatchedCertificate) => {
    const days = Math.ceil((c.notAfter - now) / DAY);
    return days === 1 ? "within a day" : `in ${days} days`;
  };
  const paragraphs = due.slice(0, NOTICE_CERTIFICATES).map(({ certificate: c }) =>
    `The certificate of ${c.about} ends ${left(c)}, on ${
      new Date(c.notAfter).toISOString()
    }, and was not renewed.\n  To do: ${c.fix}\n`
  );
  const more = due.length - paragraphs.length;
  if (more > 0) paragraphs.push(`And ${more} more: "roost cert show" lists all.\n`);
  const first = due[0]?.certificate;
  const others = due.length > 1 ? ` and ${due.length - 1} more` : "";
  return composeText(
    [
      ["From", `<${formatAddress(to)}>`],
      ["To", `<${formatAddress(to)}>`],
      ["Date", formatDate(now, 0)],
      ["Message-ID", `<certificate.${now}@${hostname}>`],
      ["Auto-Submitted", "auto-generated"],
    ],
    `${hostname}: certificate of ${first?.about ?? ""} ends ${first ? left(first) : ""}${others}`,
    `This is the mail server ${hostname}.\n\n${
      paragraphs.join("\n")
    }\nMail programs refuse a certificate that has ended. "roost check" on the server says more.\n`,
  );
}

/** A wildcard's or a name's certificate may be in several files. */
function distinct(certificates: readonly WatchedCertificate[]): readonly WatchedCertificate[] {
  return [...new Map(certificates.map((c) => [c.fingerprint, c])).values()];
}

/** Lines of a fingerprint and days; what is none is passed over. */
function readTold(octets: Uint8Array | null): Told {
  const lines = octets ? fromUtf8(octets).split("\n") : [];
  return new Map(
    lines.flatMap((line) => {
      const m = /^([0-9A-F:]{1,200}) (\d{1,3})$/.exec(line);
      return m ? [[m[1] ?? "", Number(m[2])] as const] : [];
    }),
  );
}

/** What was told of certificates that are still in use. */
function formatTold(told: Told, inUse: readonly WatchedCertificate[], due: readonly Due[]): Uint8Array {
  const now = new Map(told);
  for (const { certificate, days } of due) now.set(certificate.fingerprint, days);
  return utf8(
    inUse.flatMap(({ fingerprint }) => {
      const days = now.get(fingerprint);
      return days === undefined ? [] : [`${fingerprint} ${days}\n`];
    }).join(""),
  );
}
