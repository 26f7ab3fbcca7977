/** What the routes of the HTTP app share. */
import type { Context } from "hono";
import { STATUS_FORM } from "../base/limits.ts";
import type { Access } from "./access.ts";

/** What the HTTP server knows of a request beside its contents. */
export interface RequestFacts {
  readonly remoteAddress: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** It came over TLS of our own. */
  readonly secure: boolean;
  /** It is HTTP/1.0. */
  readonly old: boolean;
  /** Whether the client has gone meanwhile. */
  gone(): boolean;
}

/** What hono's types are to know. */
export interface Env {
  readonly Bindings: RequestFacts;
  readonly Variables: { access: Access };
}

export type Ask = Context<Env>;

/** The Host header without its port, in lower case. */
export function hostOf(c: Ask): string {
  return (c.req.header("host") ?? "").toLowerCase().replace(/:\d+$/, "");
}

/** "https" where the browser speaks TLS, with us or with a proxy that says so. */
export function schemeOf(c: Ask): "http" | "https" {
  return c.env.secure || /^https$/i.test(c.req.header("x-forwarded-proto") ?? "") ? "https" : "http";
}

/** The fields of a form, or null for what is none of ours: another type, or longer than any. */
export async function formOf(c: Ask): Promise<URLSearchParams | null> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return null;
  const text = await textWithin(c, STATUS_FORM);
  return text === null ? null : new URLSearchParams(text);
}

/** The body as text; null when it has more than `max` octets, whatever its Content-Length says. */
export async function textWithin(c: Ask, max: number): Promise<string | null> {
  if (Number(c.req.header("content-length") ?? 0) > max) return null;
  const body = c.req.raw.body;
  if (!body) return "";
  const decoder = new TextDecoder();
  let size = 0;
  let text = "";
  for await (const chunk of body) {
    size += chunk.length;
    if (size > max) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
