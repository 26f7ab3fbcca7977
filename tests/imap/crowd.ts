/** A client that believes what one session tells it and nothing else, for tests with many sessions on one folder: every number told must be true. */
import { assert, assertEquals } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";
import type { ImapServer } from "../support/imap_server.ts";
import { CrowdWire } from "./crowd_wire.ts";

/** What a client knows of one message; UID 0 until it has asked. */
interface Believed {
  uid: number;
  flags: string | null;
  modSeq: number;
}

/** What all sessions of all servers were told, and what must never change between them. */
export class Chronicle {
  /** UIDNEXT may only grow. */
  uidNext = 0;
  uidValidity = "";
  /** A UID is of one message for ever. */
  readonly subjects = new Map<number, string>();
  /** UIDs that were \Recent at a server (the first letter of its clients), with the session whose they were. */
  readonly recent = new Map<string, string>();
}

/** What a client enables; "NOTIFY": it is told of the selected mailbox at any time. */
export type CrowdKind = "plain" | "CONDSTORE" | "QRESYNC" | "UIDONLY" | "NOTIFY";

const LISTEN = "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange))";

/** A command, as it is said and as it is to be understood. */
export interface Said {
  readonly command: string;
  /** Whether EXPUNGE (VANISHED) may come before its reply. */
  readonly mayExpunge: boolean;
  /** What the client believes of flags once it is done and nothing was said of them (.SILENT). */
  readonly silently?: {
    /** Of these messages. */
    readonly of: (seq: number, uid: number) => boolean;
    readonly change: (flags: Set<string>) => void;
  };
}

/** Sequence numbers in their order. */
function numbers(set: string): number[] {
  return set.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split(":").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

export class CrowdClient {
  readonly name: string;
  readonly kind: CrowdKind;
  known: Believed[] = [];
  /** What it took along when it went off-line. */
  highest = 0;
  selected = false;
  readonly #server: ImapServer;
  readonly #chronicle: Chronicle;
  readonly #compressed: boolean;
  #wire: CrowdWire;
  #tag = 0;
  #readOnly = false;
  /** The mailbox has mod-sequences. */
  #counted = true;
  /** Counts the mailboxes it opened. */
  #session = 0;
  /** UIDNEXT that anybody had heard of when it last spoke: what it is told since may not be below. */
  #uidNext = 0;
  /** Nothing that was asked for in another life is heard. */
  #life = 0;

  constructor(
    server: ImapServer,
    chronicle: Chronicle,
    name: string,
    kind: CrowdKind,
    compressed: boolean,
  ) {
    this.#server = server;
    this.#chronicle = chronicle;
    this.name = name;
    this.kind = kind;
    this.#compressed = compressed;
    this.#wire = new CrowdWire(server.connect().conn);
  }

  async begin(): Promise<void> {
    await this.#wire.until((heard) => heard.includes("\r\n"));
    assert(this.#wire.take().includes(" ready"));
    await this.run({ command: "LOGIN alice@example.test secret", mayExpunge: true });
    if (this.#compressed) {
      await this.run({ command: "COMPRESS DEFLATE", mayExpunge: true });
      await settle();
      this.#wire.compress();
    }
    const asks = { plain: null, NOTIFY: LISTEN }[this.kind as string];
    if (asks !== null) await this.run({ command: asks ?? `ENABLE ${this.kind}`, mayExpunge: true });
  }

  /** Whether it may speak of mod-sequences. */
  get counts(): boolean {
    return (this.kind === "CONDSTORE" || this.kind === "QRESYNC") && this.#counted;
  }

  /** Whether it names messages by UID alone: numbers may change at any time for it, or it has none. */
  get byUid(): boolean {
    return this.kind === "UIDONLY" || this.kind === "NOTIFY";
  }

  /** Hangs up. */
  leave(): void {
    this.#wire.end();
  }

  /** What it knows now, to be gone back to. */
  remember(): () => void {
    const known = this.known.map((k) => ({ ...k }));
    const { highest } = this;
    return () => {
      this.#life++;
      this.known = known;
      this.highest = highest;
    };
  }

  /** Comes back after it was away: a new connection that knows what the old one knew. */
  async return(): Promise<void> {
    this.leave();
    this.#wire = new CrowdWire(this.#server.connect().conn);
    this.selected = false;
    await this.begin();
  }

  /** Opens the inbox; with QRESYNC it goes on from what it knew. */
  async select(readOnly = false): Promise<void> {
    const before = this.known.filter((k) => k.uid > 0 && k.flags !== null);
    const complete = before.length === this.known.length;
    const resync = this.kind === "QRESYNC" && this.highest > 0 && before.length > 0;
    this.#readOnly = readOnly;
    this.#session++;
    this.known = [];
    this.selected = true;
    const known = resync
      ? ` (QRESYNC (${this.#chronicle.uidValidity} ${this.highest} 1:${before.at(-1)?.uid}))`
      : "";
    const lines = await this.say([
      { command: `${readOnly ? "EXAMINE" : "SELECT"} INBOX${known}`, mayExpunge: true },
    ]);
    this.#counted = !lines.some((l) => l.includes("[NOMODSEQ]"));
    if (!this.#counted) this.highest = 0;
    // Without the UIDs of some it cannot tell places.
    if (resync && !complete && this.known.length > 0) {
      lines.push(...await this.run({ command: "FETCH 1:* (UID)", mayExpunge: false }));
    }
    if (resync && this.#counted) this.#resume(before, lines);
    await this.learn();
  }

  async run(said: Said): Promise<string[]> {
    return await this.say([said]);
  }

  /** Says some commands at once and follows what comes back; all lines. */
  async say(batch: readonly Said[]): Promise<string[]> {
    const tags = batch.map(() => `${this.name}${++this.#tag}`);
    this.#listen();
    this.#uidNext = this.#chronicle.uidNext;
    this.#wire.say(batch.map((said, i) => `${tags[i]} ${said.command}\r\n`).join(""));
    const life = this.#life;
    const output = await this.#replied(`${tags.at(-1)} `);
    if (life !== this.#life) return await new Promise(() => {});
    const lines = whole(output);
    let from = 0;
    for (const [i, said] of batch.entries()) {
      const at = lines.findIndex((l) => l.startsWith(`${tags[i]} `));
      assert(at >= from, `${said.command}: ${output}`);
      this.#follow(said, lines.slice(from, at), lines[at] ?? "");
      from = at + 1;
    }
    this.#unasked(lines.slice(from));
    return lines;
  }

  async idle(): Promise<void> {
    const tag = `${this.name}${++this.#tag}`;
    this.#listen();
    const life = this.#life;
    this.#wire.say(`${tag} IDLE\r\n`);
    await this.#wire.until((heard) => /(?:^|\r\n)\+ /.test(heard));
    this.#wire.say("DONE\r\n");
    const lines = whole(await this.#replied(`${tag} `)).filter((l) => !l.startsWith("+ "));
    if (life !== this.#life) return await new Promise(() => {});
    const at = lines.findIndex((l) => l.startsWith(`${tag} `));
    this.#follow({ command: "IDLE", mayExpunge: true }, lines.slice(0, at), lines[at] ?? "");
    this.#unasked(lines.slice(at + 1));
  }

  /** All that was said up to the end of the reply that begins with `tag`, and a little more. */
  async #replied(tag: string): Promise<string> {
    await this.#wire.until((heard) => {
      const at = heard.startsWith(tag) ? 0 : heard.indexOf(`\r\n${tag}`) + 2;
      return at !== 1 && heard.startsWith(tag, at) && heard.indexOf("\r\n", at) > 0;
    });
    return this.#wire.take();
  }

  /** What was said unasked since. */
  #listen(): void {
    this.#unasked(whole(this.#wire.take()));
  }

  #unasked(lines: readonly string[]): void {
    const about = `${this.name} (${this.kind}), unasked: ${lines.join(" | ")}`;
    assert(lines.length === 0 || this.kind === "NOTIFY", about);
    for (const line of lines) this.#line({ command: "", mayExpunge: true }, line, about);
  }

  /** Asks for what EXISTS told of. */
  async learn(): Promise<void> {
    while (this.known.some((k) => k.uid === 0 || k.flags === null)) {
      if (this.byUid) {
        await this.run({ command: "UID FETCH 1:* (FLAGS)", mayExpunge: true });
        continue;
      }
      const from = this.known.findIndex((k) => k.uid === 0 || k.flags === null) + 1;
      await this.run({ command: `FETCH ${from}:${this.known.length} (UID FLAGS)`, mayExpunge: false });
      await this.run({ command: "NOOP", mayExpunge: true });
    }
  }

  /** UIDs with their flags, for a comparison. */
  belief(): Record<number, string> {
    this.#listen();
    return Object.fromEntries(this.known.map((k) => [k.uid, k.flags ?? "?"]));
  }

  /** After SELECT with QRESYNC: what was known before, less what vanished, with the flags that were told. */
  #resume(before: readonly Believed[], lines: readonly string[]): void {
    const vanished = lines.flatMap((l) => /^\* VANISHED \(EARLIER\) (.*)$/.exec(l)?.[1] ?? []).flatMap(
      numbers,
    );
    const gone = new Set(vanished);
    const kept = before.filter((k) => !gone.has(k.uid));
    assert(kept.length <= this.known.length, `${this.name} keeps ${kept.length} of ${this.known.length}`);
    const byUid = new Map(this.known.map((k) => [k.uid, k]));
    for (const [i, k] of kept.entries()) {
      const told = byUid.get(k.uid) ?? this.known[i];
      assert(told, "EXISTS counts what is kept");
      if (told.uid > 0) assertEquals(told.uid, k.uid, `${this.name}: place ${i + 1} after its return`);
      else Object.assign(told, { ...k, flags: told.flags ?? k.flags });
    }
  }

  #follow(said: Said, lines: readonly string[], reply: string): void {
    const about = `${this.name} (${this.kind}) ${said.command}: ${[...lines, reply].join(" | ")}`;
    const allowed = this.#readOnly
      ? /^\S+ (OK|NO \[(EXPUNGEISSUED|READ-ONLY)\])/
      : /^\S+ (OK|NO \[EXPUNGEISSUED\])/;
    // By UID it may name one that was removed meanwhile.
    const gone = said.command.startsWith("UID REPLACE") && / NO Message does not exist$/.test(reply);
    assert(gone || allowed.test(reply), about);
    const { silently } = said;
    if (silently && / OK/.test(reply)) {
      const modified = new Set(numbers(/\[MODIFIED ([^\]]*)\]/.exec(reply)?.[1] ?? "0"));
      for (const [i, mine] of this.known.entries()) {
        if (mine.flags === null || !silently.of(i + 1, mine.uid) || modified.has(i + 1)) continue;
        const flags = new Set(mine.flags.split(" ").filter((f) => f !== ""));
        silently.change(flags);
        mine.flags = sorted([...flags]);
      }
    }
    for (const line of [...lines, reply]) this.#line(said, line, about);
    // Told so, it knows what was removed: what it took as \Deleted.
    if (said.command === "CLOSE" && reply.includes("HIGHESTMODSEQ")) {
      this.known = this.known.filter((k) => !k.flags?.includes("\\Deleted"));
    }
    this.#ascends(about);
  }

  #ascends(about: string): void {
    let last = 0;
    for (const { uid } of this.known) {
      if (uid === 0) continue;
      assert(uid > last, `UIDs ascend: ${about}`);
      last = uid;
    }
  }

  #line(said: Said, line: string, about: string): void {
    const highest = /\[HIGHESTMODSEQ (\d+)\]/.exec(line)?.[1];
    if (highest) {
      assert(Number(highest) >= this.highest || this.kind === "plain", `HIGHESTMODSEQ falls: ${about}`);
      this.highest = Number(highest);
    }
    const next = Number(/\[UIDNEXT (\d+)\]/.exec(line)?.[1] ?? 0);
    if (next > 0) {
      assert(next >= this.#uidNext, `UIDNEXT falls below ${this.#uidNext}: ${about}`);
      this.#chronicle.uidNext = Math.max(this.#chronicle.uidNext, next);
    }
    const validity = /\[UIDVALIDITY (\d+)\]/.exec(line)?.[1];
    if (validity) {
      assertEquals(validity, this.#chronicle.uidValidity || validity, about);
      this.#chronicle.uidValidity = validity;
    }
    const [, number = "", what = "", rest = ""] =
      /^\* (\d+) (EXISTS|EXPUNGE|FETCH|UIDFETCH|RECENT)(.*)$/s.exec(line) ?? [];
    const n = Number(number);
    if (what === "EXISTS") {
      assert(n >= this.known.length, about);
      while (this.known.length < n) this.known.push({ uid: 0, flags: null, modSeq: 0 });
    } else if (what === "EXPUNGE") {
      assert(said.mayExpunge && !this.#vanishes, `EXPUNGE may not come: ${about}`);
      assert(n >= 1 && n <= this.known.length, about);
      this.known.splice(n - 1, 1);
    } else if (what === "RECENT") assert(n <= this.known.length, about);
    else if (what === "FETCH") {
      assert(this.kind !== "UIDONLY", `FETCH may not come: ${about}`);
      this.#fetched(n, rest, about);
    } else if (what === "UIDFETCH") {
      assert(this.kind === "UIDONLY", `UIDFETCH may not come: ${about}`);
      this.#fetched(this.#placeOf(n, about), ` UID ${n}${rest}`, about);
    } else if (line.startsWith("* VANISHED ") && !line.includes("(EARLIER)")) {
      assert(said.mayExpunge && this.#vanishes, `VANISHED may not come: ${about}`);
      for (const uid of numbers(line.slice(11))) this.#vanished(uid, about);
    }
  }

  get #vanishes(): boolean {
    return this.kind === "QRESYNC" || this.kind === "UIDONLY";
  }

  /** Where a message is that is told by UID alone: one that EXISTS told of takes its place, in the order of UIDs. */
  #placeOf(uid: number, about: string): number {
    if (!this.known.some((k) => k.uid === uid)) {
      const fresh = this.known.find((k) => k.uid === 0);
      assert(fresh, `EXISTS did not tell of ${uid}: ${about}`);
      fresh.uid = uid;
      this.known.sort((a, b) => (a.uid || Infinity) - (b.uid || Infinity));
    }
    return this.known.findIndex((k) => k.uid === uid) + 1;
  }

  #vanished(uid: number, about: string): void {
    const at = this.known.findIndex((k) => k.uid === uid);
    if (at < 0 && this.kind === "UIDONLY") {
      const fresh = this.known.findIndex((k) => k.uid === 0);
      assert(fresh >= 0, `VANISHED of ${uid}: ${about}`);
      this.known.splice(fresh, 1);
    } else if (at < 0) {
      // One that it has not asked for yet: it lies before the first that is above it.
      const above = this.known.findIndex((k) => k.uid > uid);
      const [gone] = this.known.splice(above < 0 ? -1 : above - 1, 1);
      assertEquals(gone?.uid, 0, `VANISHED of ${uid}: ${about}`);
    } else this.known.splice(at, 1);
  }

  #fetched(n: number, rest: string, about: string): void {
    const mine = this.known[n - 1];
    assert(mine, `no message ${n}: ${about}`);
    const uid = Number(/UID (\d+)/.exec(rest)?.[1] ?? 0);
    if (uid > 0) {
      if (mine.uid > 0) assertEquals(uid, mine.uid, about);
      mine.uid = uid;
    }
    const subject = /Subject: ([^\r]*)/.exec(rest)?.[1];
    if (subject !== undefined && mine.uid > 0) {
      assertEquals(subject, this.#chronicle.subjects.get(mine.uid) ?? subject, `UID ${mine.uid}: ${about}`);
      this.#chronicle.subjects.set(mine.uid, subject);
    }
    const modSeq = Number(/MODSEQ \((\d+)\)/.exec(rest)?.[1] ?? 0);
    assert(modSeq === 0 || modSeq >= mine.modSeq, `MODSEQ falls below ${mine.modSeq}: ${about}`);
    if (modSeq > 0) mine.modSeq = modSeq;
    const flags = /FLAGS \(([^)]*)\)/.exec(rest)?.[1];
    if (flags === undefined) return;
    if (flags.includes("\\Recent") && mine.uid > 0 && !this.#readOnly) {
      const at = `${this.name.slice(0, 1)}${mine.uid}`;
      const session = `${this.name} ${this.#session}`;
      assertEquals(this.#chronicle.recent.get(at) ?? session, session, `\\Recent twice: ${about}`);
      this.#chronicle.recent.set(at, session);
    }
    mine.flags = sorted(flags.split(" ").filter((f) => f !== "" && f !== "\\Recent"));
  }
}

function sorted(flags: readonly string[]): string {
  return [...flags].sort().join(" ");
}

/** Lines of a response, literals joined to the line they are in. */
function whole(output: string): string[] {
  const lines: string[] = [];
  for (let at = 0; at < output.length;) {
    let end = output.indexOf("\r\n", at);
    for (;;) {
      const size = /\{(\d+)\}$/.exec(output.slice(at, end))?.[1];
      if (size === undefined) break;
      end = output.indexOf("\r\n", end + 2 + Number(size));
    }
    lines.push(output.slice(at, end));
    at = end + 2;
  }
  return lines;
}
