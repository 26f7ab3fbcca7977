/** Line-wise clients without a library: for load, for threats, and for what libraries hide. */
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { connect } from "../../mod/sys/listener.ts";
import type { NodeConn } from "../../mod/sys/net.ts";
import { ByteReader } from "../../mod/wire/byte_reader.ts";

export class RawClient {
  readonly conn: NodeConn;
  readonly #reader: ByteReader;

  constructor(conn: NodeConn) {
    this.conn = conn;
    conn.setIdle(30_000);
    this.#reader = new ByteReader(conn);
  }

  static async connect(address: string, port: number): Promise<RawClient> {
    return new RawClient(await connect(address, port, 10_000));
  }

  async say(text: string): Promise<void> {
    await this.conn.write(utf8(text));
  }

  /** The next line without CRLF; throws at the end. */
  async line(): Promise<string> {
    const line = await this.#reader.readLine(1 << 20);
    if (line.kind === "end" || line.kind === "long") throw new Error(`No line: ${line.kind}`);
    return fromUtf8(line.bytes);
  }

  /** SMTP: the last line of a reply. */
  async reply(): Promise<string> {
    for (;;) {
      const line = await this.line();
      if (line[3] !== "-") return line;
    }
  }

  /** IMAP: lines up to and with the tagged one. */
  async tagged(tag: string): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      lines.push(line);
      if (line.startsWith(`${tag} `)) return lines;
    }
  }

  close(): void {
    this.conn.destroy();
  }
}

/** Sends one message over an SMTP connection that has greeted; true when it was acknowledged with 250. */
export async function smtpMessage(
  client: RawClient,
  from: string,
  to: string,
  message: string,
): Promise<boolean> {
  await client.say(`MAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\nDATA\r\n`);
  await client.reply();
  await client.reply();
  if (!(await client.reply()).startsWith("354")) return false;
  await client.say(`${message}\r\n.\r\n`);
  return (await client.reply()).startsWith("250");
}
