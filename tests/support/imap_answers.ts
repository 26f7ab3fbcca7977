/** What an IMAP server answered, in a shape in which two servers can be compared: quoted, literal and atom are all the same text. */
import { concat, CRLF, utf8 } from "../../mod/base/bytes.ts";

/** Texts have one character an octet; null is NIL. */
export type Value = string | null | readonly Value[];

/** Untagged responses, each as a list of its parts, and the status responses of the commands ("OK", "NO", "BAD") in order. */
export interface Answers {
  readonly untagged: readonly (readonly Value[])[];
  readonly statuses: readonly string[];
}

/** Reads all that a server said in a session. Throws where it is not of the grammar. */
export function parseAnswers(octets: Uint8Array): Answers {
  const reader = new AnswerReader(Array.from(octets, (c) => String.fromCharCode(c)).join(""));
  const untagged: (readonly Value[])[] = [];
  const statuses: string[] = [];
  while (!reader.atEnd) {
    const tag = reader.atom();
    if (tag === "+") reader.restOfLine();
    else if (tag === "*") untagged.push(reader.response());
    else statuses.push(reader.restOfLine().split(" ")[0] ?? "");
  }
  return { untagged, statuses };
}

/** Says everything at once to a server and reads to the end; for commands that need no answer before the next, LOGOUT last. */
export async function talk(
  hostname: string,
  port: number,
  commands: readonly (string | Uint8Array)[],
): Promise<Uint8Array> {
  using conn = await Deno.connect({ hostname, port });
  const said: Uint8Array[] = [];
  const read = async () => {
    const buffer = new Uint8Array(65536);
    for (let n; (n = await conn.read(buffer)) !== null;) said.push(buffer.slice(0, n));
  };
  await Promise.all([read(), writeAll(conn, concat(taggedEach(commands).map(({ bytes }) => bytes)))]);
  return concat(said);
}

/** Commands with their tags, and a LOGOUT. */
export function taggedEach(
  commands: readonly (string | Uint8Array)[],
): { readonly tag: string; readonly bytes: Uint8Array }[] {
  return [...commands, "LOGOUT"].map((c, i) => {
    const tag = `t${i}`;
    return { tag, bytes: concat([utf8(`${tag} `), typeof c === "string" ? utf8(c) : c, CRLF]) };
  });
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** FETCH responses: message number -> item -> value. Several of one message are joined. */
export function fetched(answers: Answers): Map<number, Map<string, Value>> {
  const all = new Map<number, Map<string, Value>>();
  for (const [number, kind, items] of answers.untagged) {
    if (kind !== "FETCH" || !Array.isArray(items)) continue;
    const message = all.get(Number(number)) ?? new Map<string, Value>();
    all.set(Number(number), message);
    for (let i = 0; i + 1 < items.length; i += 2) message.set(String(items[i]).toUpperCase(), items[i + 1]);
  }
  return all;
}

class AnswerReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** An atom and the space after it; `[…]` belongs to it with whatever is inside. */
  atom(): string {
    const match = this.#match(/(?:[^ ()[\]\r\n"]|\[[^\]]*\]?|\])+/y);
    this.#skipSpace();
    return match;
  }

  restOfLine(): string {
    const line = this.#match(/[^\r]*/y);
    this.#match(/\r\n/y);
    return line;
  }

  /** What follows "* ". Status responses are one text. */
  response(): readonly Value[] {
    if (/^(?:OK|NO|BAD|BYE|PREAUTH) /.test(this.#text.slice(this.#at, this.#at + 8))) {
      return [this.restOfLine()];
    }
    const values = this.#values("\r");
    this.#match(/\r\n/y);
    return values;
  }

  #values(end: string): readonly Value[] {
    const values: Value[] = [];
    while (this.#text[this.#at] !== end) {
      values.push(this.#value());
      this.#skipSpace();
    }
    return values;
  }

  #value(): Value {
    const c = this.#text[this.#at];
    if (c === "(") {
      this.#at++;
      const list = this.#values(")");
      this.#at++;
      return list;
    }
    if (c === '"') return this.#match(/"(?:[^"\\\r\n]|\\["\\])*"/y).slice(1, -1).replace(/\\(.)/g, "$1");
    if (c === "{") {
      const length = Number(this.#match(/\{\d+\}\r\n/y).slice(1, -3));
      this.#at += length;
      return this.#text.slice(this.#at - length, this.#at);
    }
    const atom = this.atom();
    return atom.toUpperCase() === "NIL" ? null : atom;
  }

  #skipSpace(): void {
    if (this.#text[this.#at] === " ") this.#at++;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    if (match === undefined) {
      throw new Error(
        `Not IMAP at ${this.#at}: ${JSON.stringify(this.#text.slice(this.#at - 40, this.#at + 40))}`,
      );
    }
    this.#at += match.length;
    return match;
  }
}
