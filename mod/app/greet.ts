/** Looks at a port as a client does: who answers there? */
import { fromUtf8 } from "../base/bytes.ts";
import { connect } from "../sys/listener.ts";
import { ByteReader } from "../wire/byte_reader.ts";
import type { Greeting } from "./terminal.ts";

/** Octets of a first line that are looked at. */
const LINE = 2048;

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
