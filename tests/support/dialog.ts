/**
 * Dialogs: a conversation with a server as a text file, played on a `ScriptConn`. One line a step:
 *
 *     # comment                 (blank lines are skipped too)
 *     @listener submission      setting, for whoever sets the server up (before the first step)
 *     C: EHLO client.test       client sends this line and CRLF
 *     R: \x00a\r\n\{x*1000}     client sends these octets: \r \n \t \0 \xHH \\ and \{text*count}; no CRLF is added
 *     S: 250 2.0.0 *            the server's next line must match; "*" stands for anything (and so for itself too)
 *     S: ...                    any number of lines, up to one that matches the next S
 *     S~ ^\* \d+ EXISTS$        the server's next line must match this regular expression
 *     ! end                     client ends its side
 *     ! closed                  server has closed the connection (and wrote nothing more)
 *     ! tls                     the connection is protected by now
 *     ! advance 300000          lets milliseconds pass (needs `advance`)
 *
 * C and R lines that follow each other are sent in one piece: pipelined. At the end no server line may be left over.
 * Text after C: and S: is taken as it is: backslashes mean themselves there.
 */
import { concat, utf8 } from "../../mod/base/bytes.ts";
import type { ScriptConn } from "./script_conn.ts";

export type DialogStep =
  | { readonly kind: "send"; readonly bytes: Uint8Array; readonly line: number }
  | { readonly kind: "expect"; readonly pattern: RegExp; readonly text: string; readonly line: number }
  | { readonly kind: "skip"; readonly line: number }
  | { readonly kind: "advance"; readonly ms: number; readonly line: number }
  | { readonly kind: "end" | "closed" | "tls"; readonly line: number };

export interface Dialog {
  readonly name: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly steps: readonly DialogStep[];
}

export interface DialogOptions {
  /** Octets in one piece from the client; default all at once. */
  readonly chunk?: number;
  /** Lets time pass; `FakeClock.advance`. */
  readonly advance?: (ms: number) => Promise<void>;
  /** Milliseconds of real time to wait for a line before the dialog fails. */
  readonly patience?: number;
}

/** Reads a dialog; throws with the line's number where it cannot. */
export function parseDialog(name: string, text: string): Dialog {
  const settings = new Map<string, string>();
  const steps: DialogStep[] = [];
  text.split("\n").forEach((raw, i) => {
    const line = i + 1;
    if (raw.trim() === "" || raw.startsWith("#")) return;
    if (raw.startsWith("@")) {
      const [key = "", ...rest] = raw.slice(1).trim().split(/ +/);
      settings.set(key, rest.join(" "));
      return;
    }
    const step = parseStep(raw, line);
    if (!step) throw new SyntaxError(`Cannot read "${raw}" at ${name}:${line}`);
    const last = steps[steps.length - 1];
    if (step.kind === "send" && last?.kind === "send") {
      steps[steps.length - 1] = { ...last, bytes: concat([last.bytes, step.bytes]) };
    } else {
      steps.push(step);
    }
  });
  return { name, settings, steps };
}

/** All `*.txt` dialogs of a folder under tests/dialogs, by name. */
export function loadDialogs(protocol: string): Dialog[] {
  const folder = new URL(`../dialogs/${protocol}/`, import.meta.url);
  const names = Array.from(Deno.readDirSync(folder), (e) => e.name).filter((n) => n.endsWith(".txt")).sort();
  return names.map((n) => parseDialog(n, Deno.readTextFileSync(new URL(n, folder))));
}

/**
 * Plays the client's part and checks the server's. The server must be running on `conn` already. Rejects at the first line that
 * is not as expected, with the place in the dialog and what the server said so far.
 */
export async function playDialog(
  dialog: Dialog,
  conn: ScriptConn,
  options: DialogOptions = {},
): Promise<void> {
  const player = new Player(dialog, conn, options);
  for (const step of dialog.steps) await player.play(step);
  await player.finish();
}

class Player {
  readonly #dialog: Dialog;
  readonly #conn: ScriptConn;
  readonly #options: DialogOptions;
  /** Characters of the output that earlier steps took. */
  #at = 0;
  #skipping = false;

  constructor(dialog: Dialog, conn: ScriptConn, options: DialogOptions) {
    this.#dialog = dialog;
    this.#conn = conn;
    this.#options = options;
  }

  async play(step: DialogStep): Promise<void> {
    switch (step.kind) {
      case "send":
        this.#conn.feed(step.bytes, this.#options.chunk);
        return;
      case "skip":
        this.#skipping = true;
        return;
      case "expect":
        return await this.#expect(step.pattern, step.text, step.line);
      case "advance":
        return await this.#options.advance?.(step.ms);
      case "end":
        this.#conn.end();
        return;
      case "closed":
        await this.#turns(() => this.#conn.closed || this.#conn.destroyed);
        if (!this.#conn.closed && !this.#conn.destroyed) this.#fail(step.line, "connection is still open");
        return;
      case "tls":
        await this.#turns(() => this.#conn.tls !== null);
        if (!this.#conn.tls) this.#fail(step.line, "connection is not protected");
        return;
    }
  }

  async finish(): Promise<void> {
    await this.#turns(() => false);
    const rest = this.#conn.output.slice(this.#at);
    if (rest && !this.#skipping) {
      this.#fail(this.#dialog.steps.at(-1)?.line ?? 0, `server also said "${rest}"`);
    }
  }

  async #expect(pattern: RegExp, text: string, line: number): Promise<void> {
    for (;;) {
      const said = await this.#nextLine(text, line);
      if (pattern.test(said)) break;
      if (!this.#skipping) this.#fail(line, `expected "${text}", got "${said}"`);
    }
    this.#skipping = false;
  }

  async #nextLine(wanted: string, line: number): Promise<string> {
    const from = this.#at;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("nothing more came")), this.#options.patience ?? 30_000);
    });
    try {
      const output = await Promise.race([this.#conn.until("\r\n", from), late]);
      const end = output.indexOf("\r\n", from);
      this.#at = end + 2;
      return output.slice(from, end);
    } catch (e) {
      return this.#fail(line, `waiting for "${wanted}": ${e instanceof Error ? e.message : e}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets the server run until `done`, or long enough for all that is ready. */
  async #turns(done: () => boolean): Promise<void> {
    for (let i = 0; i < 30 && !done(); i++) await new Promise<void>((r) => setImmediate(r));
  }

  #fail(line: number, why: string): never {
    const last = this.#conn.output.slice(-2000);
    throw new Error(`Dialog ${this.#dialog.name}:${line}: ${why}\nThe server's last words:\n${last}`);
  }
}

function parseStep(raw: string, line: number): DialogStep | null {
  const mark = raw.slice(0, 2);
  const text = raw.slice(2).replace(/^ /, "");
  if (mark === "C:") return { kind: "send", bytes: utf8(text + "\r\n"), line };
  if (mark === "R:") return { kind: "send", bytes: unescape(text), line };
  if (mark === "S~") return { kind: "expect", pattern: new RegExp(text), text, line };
  if (mark === "S:" && text === "...") return { kind: "skip", line };
  if (mark === "S:") return { kind: "expect", pattern: globToRegExp(text), text, line };
  const [, word, number] = raw.match(/^! (end|closed|tls|advance)(?: (\d+))?$/) ?? [];
  if (word === "advance") return number ? { kind: "advance", ms: Number(number), line } : null;
  return word === "end" || word === "closed" || word === "tls" ? { kind: word, line } : null;
}

function globToRegExp(glob: string): RegExp {
  const parts = glob.split("*").map((p) => p.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

/** Octets of an R line. */
function unescape(text: string): Uint8Array {
  const out: Uint8Array[] = [];
  const pattern = /\\(?:([rnt0\\])|x([0-9a-fA-F]{2})|\{(.*?)\*(\d+)\})/gy;
  const plain: Record<string, string> = { r: "\r", n: "\n", t: "\t", "0": "\0", "\\": "\\" };
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const m = pattern.exec(text);
    if (m) {
      const [all, letter, hex, repeated, count] = m;
      if (letter !== undefined) out.push(utf8(plain[letter] ?? ""));
      else if (hex !== undefined) out.push(new Uint8Array([parseInt(hex, 16)]));
      else out.push(utf8((repeated ?? "").repeat(Number(count))));
      at += all.length;
      continue;
    }
    if (text[at] === "\\") throw new SyntaxError(`Cannot read escape in "${text}"`);
    const next = text.indexOf("\\", at);
    out.push(utf8(text.slice(at, next < 0 ? text.length : next)));
    at = next < 0 ? text.length : next;
  }
  return concat(out);
}
