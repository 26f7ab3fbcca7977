/** The mail that carries a report: a word for people, and the packed report. */
import { concat, utf8 } from "../base/bytes.ts";
import { type Address, formatAddress } from "../mail/address.ts";
import { Base64Lines } from "../mail/base64_lines.ts";
import { type Field, formatFields, formatLines, formatNamed } from "../mail/compose.ts";
import { formatDate } from "../mail/date.ts";

export interface ReportMail {
  readonly from: Address;
  readonly to: Address;
  readonly subject: string;
  /** Letters, digits, "-", "_", "." and "@": for the boundary, and the Message-ID before the host name. */
  readonly id: string;
  readonly hostname: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Further fields of the header. */
  readonly fields: readonly Field[];
  /** "multipart/report; report-type=tlsrpt", without the boundary. */
  readonly type: string;
  /** For people. ASCII. */
  readonly text: string;
  readonly attached: { readonly type: string; readonly name: string; readonly octets: Uint8Array };
}

/** Its octets: ASCII where the addresses are, CRLF. */
export function formatReportMail(mail: ReportMail): Uint8Array {
  const boundary = `=_${mail.id.replace(/[^A-Za-z0-9]/g, "_").slice(0, 55)}_report`;
  const unique = mail.id.replace(/[^A-Za-z0-9._-]/g, ".").replace(/^\.+|\.+$|\.(?=\.)/g, "");
  const fields: Field[] = [
    ["From", formatNamed("", mail.from)],
    ["To", `<${formatAddress(mail.to)}>`],
    ["Subject", mail.subject],
    ["Date", formatDate(mail.now, 0)],
    ["Message-ID", `<${unique}@${mail.hostname}>`],
    ["Auto-Submitted", "auto-generated"],
    ...mail.fields,
    ["MIME-Version", "1.0"],
    ["Content-Type", `${mail.type}; boundary="${boundary}"`],
  ];
  const { type, name, octets } = mail.attached;
  const attachment: Field[] = [
    ["Content-Type", `${type}; name="${name}"`],
    ["Content-Disposition", `attachment; filename="${name}"`],
    ["Content-Transfer-Encoding", "base64"],
  ];
  const packed: Uint8Array[] = [];
  const lines = new Base64Lines((view) => packed.push(view));
  lines.write(octets);
  lines.end();
  return concat([
    utf8(
      `${formatFields(fields)}\r\n--${boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n` +
        `${formatLines(mail.text)}\r\n--${boundary}\r\n${formatFields(attachment)}\r\n`,
    ),
    ...packed,
    utf8(`\r\n--${boundary}--\r\n`),
  ]);
}
