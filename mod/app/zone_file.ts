/** Master files (RFC 1035 5) of the records to publish, whole, as nsd, BIND and Knot load them. Pure. */
import { utf8 } from "../base/bytes.ts";
import type { DnsRecord } from "./dns_records.ts";

export interface Zone {
  readonly domain: string;
  /** Host of the zone's name server. */
  readonly nameServer: string;
  /** Grows with every change: 32 bits. */
  readonly serial: number;
  readonly records: readonly DnsRecord[];
  /** Lines of comment, without the sign. */
  readonly notes: readonly string[];
}

/** Seconds a record is kept by others: short, while things are being set up. */
const TTL = 3600;

/** The zone file, with a final line end. Records of other zones stand in it as comments. */
export function formatZone({ domain, nameServer, serial, records, notes }: Zone): string {
  const isIn = (r: DnsRecord) => r.name === domain || r.name.endsWith(`.${domain}`);
  const here = records.filter(isIn);
  const elsewhere = records.filter((r) => !isIn(r)).map(formatRecord);
  const comments = [
    ...notes,
    ...(elsewhere.length > 0 ? ["In the zones of these names:", ...elsewhere.map((l) => `  ${l}`)] : []),
  ];
  return [
    `$ORIGIN ${domain}.`,
    `$TTL ${TTL}`,
    `; The next two lines are the name server's: write its name into them.`,
    `@ IN SOA ${nameServer}. postmaster.${domain}. ${serial >>> 0} 3600 900 1209600 ${TTL}`,
    `@ IN NS ${nameServer}.`,
    ...here.map(formatRecord),
    ...comments.map((c) => `; ${c}`),
    "",
  ].join("\n");
}

/** A record as a line of a zone file. */
export function formatRecord({ name, type, value }: DnsRecord): string {
  return `${name}. IN ${type} ${type === "TXT" ? quoted(value) : value}`;
}

/** Text in strings of 255 octets at most (RFC 1035 3.3.14), what is not printable ASCII by its number. */
function quoted(text: string): string {
  const octets = utf8(text);
  const strings: string[] = [];
  for (let at = 0; at === 0 || at < octets.length; at += 255) {
    let string = "";
    for (const octet of octets.subarray(at, at + 255)) {
      if (octet === 0x22 || octet === 0x5c) string += `\\${String.fromCharCode(octet)}`;
      else if (octet < 0x20 || octet > 0x7e) string += `\\${`${octet}`.padStart(3, "0")}`;
      else string += String.fromCharCode(octet);
    }
    strings.push(`"${string}"`);
  }
  return strings.join(" ");
}
