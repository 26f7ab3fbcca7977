/** Talks to the running server over its first HTTP listener, showing the token of DATA/control.token. */
import { fromUtf8 } from "../base/bytes.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { formatHostPort } from "../config/values.ts";
import type { Tools } from "./terminal.ts";

/** What came of a request. */
export type ControlReply =
  | { readonly kind: "ok"; readonly body: unknown }
  /** The server said no: `why` is its text. */
  | { readonly kind: "refused"; readonly status: number; readonly why: string }
  /** Nobody answers, or there is no HTTP listener or token to do it with. */
  | { readonly kind: "not-running"; readonly why: string };

const TOKEN_MAX = 1024;
const TIMEOUT = 30_000; // milliseconds; a reload of many accounts takes seconds

/** Asks the server of this configuration. Never throws. */
export async function control(
  tools: Tools,
  config: Config,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body: unknown = null,
  timeout = TIMEOUT,
): Promise<ControlReply> {
  const listener = config.listen.http[0];
  if (!listener) {
    return { kind: "not-running", why: `${config.file} has no listen.http to reach the server by` };
  }
  const host = listener.host === "0.0.0.0" ? "127.0.0.1" : listener.host === "::" ? "::1" : listener.host;
  const at = formatHostPort({ host, port: listener.port });
  try {
    const file = dataPaths(config).controlToken;
    const token = await tools.fs.readFile(file, TOKEN_MAX);
    if (!token) {
      return { kind: "not-running", why: `there is no ${file}, so no server runs with this configuration` };
    }
    const response = await tools.fetch(`http://${at}${path}`, {
      method,
      headers: { authorization: `Bearer ${fromUtf8(token).trim()}` },
      redirect: "error",
      signal: AbortSignal.timeout(timeout),
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json().catch((e) => {
      if (e instanceof SyntaxError) return null; // no server of ours, or a proxy's page
      throw e;
    });
    if (response.ok) return { kind: "ok", body: answer };
    return { kind: "refused", status: response.status, why: errorIn(answer) ?? `status ${response.status}` };
  } catch (e) {
    // One that is slow runs all the same: what is its own to change must be left alone.
    if (e instanceof DOMException && e.name === "TimeoutError") {
      return {
        kind: "refused",
        status: 504,
        why: `the server at ${at} did not answer in ${timeout / 1000} s`,
      };
    }
    return { kind: "not-running", why: `no server answers at ${at} (${e instanceof Error ? e.message : e})` };
  }
}

/** Asks a server, if one runs, to take over what was just written. Gives a line about it for people. */
export async function tellServer(tools: Tools, config: Config): Promise<string> {
  const reply = await control(tools, config, "POST", "/api/reload");
  if (reply.kind === "ok") return "the running server knows";
  if (reply.kind === "refused") return `the running server could not take it over: ${reply.why}`;
  return "no server runs; it counts from the next start";
}

function errorIn(body: unknown): string | null {
  if (typeof body !== "object" || body === null || !("error" in body)) return null;
  return typeof body.error === "string" ? body.error : null;
}

/** Tells a server, if one runs, that its spool has something new. */
export async function tellRescan(tools: Tools, config: Config): Promise<void> {
  await control(tools, config, "POST", "/api/queue/rescan");
}
