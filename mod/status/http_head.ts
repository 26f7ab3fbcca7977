/** The head of an HTTP/1.1 request (RFC 9112 2 to 6), from lines to what is asked. Pure. What is read in two ways by others is refused. */
import { err, ok, type Result } from "../base/result.ts";

/** How the body is told. A request that says it in chunks is refused: no client of ours does, and it is how requests are smuggled. */
export interface RequestHead {
  readonly method: string;
  /** Path and query as sent; begins with "/". */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Octets of the body. */
  readonly length: number;
  readonly keepAlive: boolean;
  /** The client waits to be told before it sends the body. */
  readonly expects: boolean;
  /** HTTP/1.0 knows no chunks. */
  readonly old: boolean;
}

/** Status to answer with. */
export type HeadFault = 400 | 411 | 413 | 417 | 501 | 505;

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Without controls; the field's octets as Latin-1. */
// deno-lint-ignore no-control-regex
const VALUE = /^[^\x00-\x08\x0a-\x1f\x7f]*$/;
const HOST = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/;

/** Reads a request line and field lines. `most`: octets a body may have. */
export function parseHead(
  line: string,
  fields: readonly string[],
  most: number,
): Result<RequestHead, HeadFault> {
  const [, method = "", target = "", minor = ""] = /^(\S+) (\S+) HTTP\/1\.([01])$/.exec(line) ?? [];
  if (method === "") return err(/ HTTP\/[02-9]/.test(line) ? 505 : 400);
  if (!TOKEN.test(method)) return err(400);
  if (!METHODS.has(method)) return err(501);
  // RFC 9112 3.2.2: a proxy's form names the host, too; ours is in Host, and the two must not differ.
  if (!/^\/[\x21-\x7e]*$/.test(target)) return err(400);
  const headers: (readonly [string, string])[] = [];
  for (const field of fields) {
    const colon = field.indexOf(":");
    const name = field.slice(0, Math.max(0, colon));
    const value = field.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    // RFC 9112 5.1 and 5.2: no space before the colon, no folded lines.
    if (!TOKEN.test(name) || !VALUE.test(value)) return err(400);
    headers.push([name.toLowerCase(), value]);
  }
  return parseFraming({ method, target, headers, old: minor === "0" }, most);
}

function parseFraming(
  head: Pick<RequestHead, "method" | "target" | "headers" | "old">,
  most: number,
): Result<RequestHead, HeadFault> {
  const all = (name: string) => head.headers.filter(([n]) => n === name).map(([, value]) => value);
  const [host, ...others] = all("host");
  if (others.length > 0 || (host === undefined ? !head.old : !HOST.test(host))) return err(400);
  const [length = "0", ...lengths] = all("content-length");
  if (all("transfer-encoding").length > 0) return err(411);
  if (lengths.length > 0 || !/^\d{1,15}$/.test(length)) return err(400);
  if (Number(length) > most) return err(413);
  const expect = all("expect")[0]?.toLowerCase();
  if (expect !== undefined && expect !== "100-continue") return err(417);
  const connection = all("connection").join(",").toLowerCase().split(",").map((word) => word.trim());
  const keepAlive = head.old ? connection.includes("keep-alive") : !connection.includes("close");
  return ok({ ...head, length: Number(length), keepAlive, expects: expect !== undefined && !head.old });
}
