/** Looks at a port as a client does: who answers there? */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { connect } from "../sys/listener.ts";
import { ByteReader } from "../wire/byte_reader.ts";
import type { Greeting } from "./terminal.ts";

/** Octets of a first line that are looked at. */
const LINE = 2048;
/** Lines of one greeting. */
const GREETING_LINES = 20;

/** What is said first at an address and port. Servers of TLS wait for the client: they say nothing. `timeout` in milliseconds. */
export async function greet(address: string, port: number, timeout: number): Promise<Greeting> {
  let conn;
  try {
    conn = await connect(address, port, timeout);
  } catch (e) {
    const why = e instanceof Error ? e.message : String(e);
    return { kind: "nobody", why: /ECONNREFUSED/.test(why) ? "connection refused" : why };
  }
  try {
    conn.setIdle(timeout);
    const line = await new ByteReader(conn).readLine(LINE);
    return line.kind === "line" ? { kind: "line", line: fromUtf8(line.bytes) } : { kind: "nothing" };
  } catch {
    // It said nothing in time, or hung up: somebody is there.
    return { kind: "nothing" };
  } finally {
    conn.destroy();
  }
}

/** The first line answered to EHLO at an address and port, in which large providers tell where they see us; null when there is none. */
export async function hello(
  address: string,
  port: number,
  name: string,
  timeout: number,
): Promise<string | null> {
  let conn;
  try {
    conn = await connect(address, port, timeout);
    conn.setIdle(timeout);
    const reader = new ByteReader(conn);
    for (let i = 0; i < GREETING_LINES; i++) {
      const line = await reader.readLine(LINE);
      if (line.kind !== "line") return null;
      const text = fromUtf8(line.bytes);
      if (text.startsWith("220-")) continue;
      if (!text.startsWith("220")) return null;
      await conn.write(utf8(`EHLO ${name}\r\n`));
      const answer = await reader.readLine(LINE);
      await conn.write(utf8("QUIT\r\n"));
      return answer.kind === "line" ? fromUtf8(answer.bytes) : null;
    }
    return null;
  } catch {
    return null;
  } finally {
    conn?.destroy();
  }
}
