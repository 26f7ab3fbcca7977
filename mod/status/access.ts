/**
 * Who may read and who may change. Invariants:
 * - Reading is free from loopback, if the request says it is for loopback, is not over TLS, and no proxy passed it on; else it needs a token. Changing always does.
 * - A program shows its token as Authorization: Bearer. A browser signs in and gets a cookie that no script and no foreign page can use
 *   (HttpOnly, SameSite=Strict); what it changes must also carry the key that only our own forms have.
 */
import type { Next } from "hono";
import type { Clock } from "../base/clock.ts";
import { SESSION_AGE } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { type Ask, hostOf, schemeOf } from "./http.ts";
import { type Session, Sessions } from "./sessions.ts";
import type { Right } from "./tokens.ts";
import { WrongTokens } from "./wrong_tokens.ts";

/** What a request may do. */
export interface Access {
  readonly right: Right | null;
  /** The browser's session, if the right comes from one. */
  readonly session: Session | null;
  /** The token that the request itself has shown. */
  readonly token: string | null;
}

export interface AccessPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** What a token lets one do; null for a wrong one. */
  rightOf(token: string): Promise<Right | null>;
}

const COOKIE = "roost";
const NONE: Access = { right: null, session: null, token: null };
/** Headers by which a proxy says that it passes on what somebody else asked. */
const PASSED_ON = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-server",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "via",
];

export class Gate {
  readonly #ports: AccessPorts;
  readonly #sessions: Sessions;
  readonly #wrong = new WrongTokens();

  constructor(ports: AccessPorts) {
    this.#ports = ports;
    this.#sessions = new Sessions(ports.random);
  }

  /** Finds out what the request may do; a wrong token is answered at once, and ever more slowly. */
  async see(c: Ask, next: Next): Promise<Response | void> {
    const access = await this.#accessOf(c);
    if (access === "wrong") {
      await this.#holdBack(c);
      return refused(c);
    }
    c.set("access", access);
    await next();
  }

  /** Signs a browser in. False for a wrong token, after a while. */
  async signIn(c: Ask, token: string): Promise<boolean> {
    if (await this.#ports.rightOf(token) === null) {
      await this.#holdBack(c);
      return false;
    }
    const id = this.#sessions.begin(token, this.#ports.clock.monotonic());
    this.#setCookie(c, id, SESSION_AGE / 1000);
    return true;
  }

  signOut(c: Ask): void {
    this.#sessions.end(cookieOf(c));
    this.#setCookie(c, "", 0);
  }

  /** What a stream that stays open may still do. */
  async stillAllowed({ session, token }: Access, fromLoopback: boolean): Promise<boolean> {
    if (!session) return token === null || await this.#ports.rightOf(token) !== null;
    if (session.until <= this.#ports.clock.monotonic()) return fromLoopback;
    return fromLoopback || await this.#ports.rightOf(session.token) !== null;
  }

  async #accessOf(c: Ask): Promise<Access | "wrong"> {
    const header = c.req.header("authorization");
    if (header !== undefined) {
      const given = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(header)?.[1];
      const right = given === undefined ? null : await this.#ports.rightOf(given);
      return right === null ? "wrong" : { right, session: null, token: given ?? null };
    }
    const cookie = cookieOf(c);
    const session = cookie ? this.#sessions.find(cookie, this.#ports.clock.monotonic()) : null;
    const right = session && await this.#ports.rightOf(session.token);
    if (session && right) return { right, session, token: null };
    return isAtHome(c) ? { ...NONE, right: "read" } : NONE;
  }

  /** Whoever shows wrong tokens waits for the answer. */
  async #holdBack(c: Ask): Promise<void> {
    const { clock } = this.#ports;
    const wait = this.#wrong.failed(clock.monotonic(), c.env.remoteAddress);
    if (wait > 0) await clock.sleep(wait);
  }

  #setCookie(c: Ask, value: string, seconds: number): void {
    const secure = schemeOf(c) === "https" ? "; Secure" : "";
    c.header(
      "set-cookie",
      `${COOKIE}=${value}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Strict${secure}`,
    );
  }
}

/** Our cookie's value; "" without one. */
function cookieOf(c: Ask): string {
  return /(?:^|;\s*)roost=([0-9a-f]{64})(?:;|$)/.exec(c.req.header("cookie") ?? "")?.[1] ?? "";
}

/** Lets on who may read; a browser is led to the form to sign in. */
export async function mayRead(c: Ask, next: Next): Promise<Response | void> {
  if (c.get("access").right !== null) return await next();
  const wantsPage = c.req.method === "GET" && !c.req.path.startsWith("/api/") &&
    (c.req.header("accept") ?? "").includes("text/html");
  return wantsPage ? c.redirect("/sign-in", 303) : refused(c);
}

/** Lets on who may change, by a token in the request itself: a browser's cookie is not enough. */
export async function mayChange(c: Ask, next: Next): Promise<Response | void> {
  const { right, session } = c.get("access");
  const { right: shown } = session ? NONE : { right };
  if (shown === "change") return await next();
  return refused(c);
}

/** Whether a form comes from our own page and its sender may change things. */
export function mayPost(c: Ask, form: URLSearchParams): boolean {
  const { right, session } = c.get("access");
  return isOurForm(c) && right === "change" && session !== null && form.get("key") === session.formKey;
}

/** Whether a form comes from a page of this very server, as far as the browser says. */
export function isOurForm(c: Ask): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin") return false;
  const origin = c.req.header("origin");
  if (origin === undefined) return true;
  return URL.parse(origin)?.host === (c.req.header("host") ?? "").toLowerCase();
}

/**
 * Asked from this machine, for this machine, without a proxy between. Never over TLS: what stands before that may pass octets on, unseen, and cannot
 * say for whom.
 */
export function isAtHome(c: Ask): boolean {
  const host = hostOf(c);
  return !c.env.secure && isLoopback(c.env.remoteAddress) &&
    (host === "localhost" || isLoopback(host.replace(/^\[|\]$/g, ""))) &&
    !isPassedOn(c);
}

/**
 * Whether a proxy says that it passes on what somebody else asked. nginx, unless told to, says nothing, and asks for our own address: but by HTTP/1.0,
 * which nobody else speaks.
 */
export function isPassedOn(c: Ask): boolean {
  return c.env.old || PASSED_ON.some((name) => c.req.header(name) !== undefined);
}

function refused(c: Ask): Response {
  c.header("www-authenticate", "Bearer");
  const error = 'this needs a token, as "Authorization: Bearer TOKEN"; "roost token add NAME" makes one';
  return c.json({ error }, 401);
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}
