/** An account on another IMAP server as a source. Nothing is changed there: folders are opened by EXAMINE, bodies fetched by BODY.PEEK. */
import { createHash } from "node:crypto";
import { TRANSFER_FOLDERS, TRANSFER_REMOTE } from "../base/limits.ts";
import { INBOX } from "../store/mailbox_name.ts";
import {
  ANSWERED,
  DELETED,
  DRAFT,
  FLAGGED,
  type NamedFlags,
  SEEN,
  type SpecialUse,
  type Uid,
} from "../store/store.ts";
import { type ImapClient, ImapFault, quoted } from "./imap_client.ts";
import { folderNameOf } from "./maildir_tree.ts";
import type { Tally } from "./tally.ts";
import type { Source, SourceFolder, SourceMessage } from "./types.ts";

const SYSTEM: Readonly<Record<string, number>> = {
  "\\seen": SEEN,
  "\\answered": ANSWERED,
  "\\flagged": FLAGGED,
  "\\deleted": DELETED,
  "\\draft": DRAFT,
};
const USES: readonly SpecialUse[] = ["Archive", "Drafts", "Junk", "Sent", "Trash"];

interface RemoteFolder {
  /** As the server writes it. */
  readonly remote: string;
  readonly name: string;
}

interface RemoteMessage {
  readonly uid: Uid;
  readonly flags: NamedFlags;
  readonly time: number | null;
  readonly base: string;
}

export class ImapSource implements Source {
  readonly subscriptions: readonly string[];
  readonly specialUses: ReadonlyMap<string, SpecialUse>;
  /** Messages of the folders opened so far. */
  count = 0;
  readonly #client: ImapClient;
  readonly #origin: string;
  readonly #folders: readonly RemoteFolder[];
  readonly #tally: Tally;

  private constructor(
    client: ImapClient,
    origin: string,
    folders: readonly RemoteFolder[],
    uses: ReadonlyMap<string, SpecialUse>,
    subscriptions: readonly string[],
    tally: Tally,
  ) {
    this.#client = client;
    this.#origin = origin;
    this.#folders = folders;
    this.specialUses = uses;
    this.subscriptions = subscriptions;
    this.#tally = tally;
  }

  /** Lists what there is. `client` is logged in; `origin` tells this account from all others. Throws ImapFault. */
  static async open(
    client: ImapClient,
    origin: string,
    separator: string,
    tally: Tally,
  ): Promise<ImapSource> {
    const folders: RemoteFolder[] = [];
    const uses = new Map<string, SpecialUse>();
    await client.run('LIST "" "*"', (line) => {
      const listed = parseList(line);
      if (!listed) return;
      const { attributes, levels, remote } = listed;
      if (attributes.some((a) => a === "\\noselect" || a === "\\nonexistent")) return;
      if (attributes.some((a) => a === "\\all" || a === "\\flagged")) {
        return tally.note(`${remote}: shows messages of other folders, left out`);
      }
      const { name, same } = folderNameOf(levels, separator);
      if (folders.length >= TRANSFER_FOLDERS) {
        return tally.lose(remote, "the folder", `more than ${TRANSFER_FOLDERS} folders`);
      }
      if (!same) tally.note(`${remote}: becomes the folder "${name}"`);
      folders.push({ remote, name });
      const use = USES.find((u) => attributes.includes(`\\${u.toLowerCase()}`));
      if (use) uses.set(name, use);
    });
    const subscriptions: string[] = [];
    await client.run('LSUB "" "*"', (line) => {
      const listed = parseList(line);
      if (listed && subscriptions.length < TRANSFER_FOLDERS) {
        subscriptions.push(folderNameOf(listed.levels, separator).name);
      }
    });
    folders.sort((a, b) => a.name === INBOX ? -1 : b.name === INBOX ? 1 : a.name < b.name ? -1 : 1);
    return new ImapSource(client, origin, folders, uses, subscriptions, tally);
  }

  /** Names of its folders. */
  get names(): readonly string[] {
    return this.#folders.map((f) => f.name);
  }

  async *folders(): AsyncGenerator<SourceFolder> {
    for (const folder of this.#folders) {
      try {
        yield await this.#open(folder);
      } catch (e) {
        if (!(e instanceof ImapFault) || !/^EXAMINE refused/.test(e.message)) throw e;
        this.#tally.lose(folder.name, "the folder", e.message);
      }
    }
  }

  async #open({ remote, name }: RemoteFolder): Promise<SourceFolder> {
    const client = this.#client;
    let uidValidity = 0;
    let nextUid = 0;
    let exists = 0;
    await client.run(`EXAMINE ${quoted(remote)}`, (line) => {
      uidValidity = Number(/\[UIDVALIDITY (\d{1,10})\]/i.exec(line)?.[1] ?? uidValidity);
      nextUid = Number(/\[UIDNEXT (\d{1,10})\]/i.exec(line)?.[1] ?? nextUid);
      exists = Number(/^\* (\d{1,10}) EXISTS/i.exec(line)?.[1] ?? exists);
    });
    const mark = createHash("sha256").update(`${this.#origin}\n${remote}`).digest("hex").slice(0, 16);
    let messages: RemoteMessage[] = [];
    if (exists > 0) {
      await client.run("UID FETCH 1:* (UID FLAGS INTERNALDATE)", (line) => {
        const message = parseMessage(line, (uid) => `U${uid}V${uidValidity}H${mark}`);
        if (message && messages.length >= TRANSFER_REMOTE) {
          throw new ImapFault(`more than ${TRANSFER_REMOTE} messages in ${name}`);
        }
        if (message) messages.push(message);
      });
    }
    messages.sort((a, b) => a.uid - b.uid);
    const last = messages.at(-1)?.uid ?? 0;
    this.count += messages.length;
    return {
      name,
      uids: uidValidity > 0 && uidValidity <= 0xffff_ffff && Math.max(nextUid, last + 1) < 0xf000_0000
        ? { version: 3, uidValidity, nextUid: Math.max(nextUid, last + 1), rest: "" }
        : null,
      count: messages.length,
      without(isThere) {
        const left = messages.filter((m) => !isThere(m.base));
        const there = messages.length - left.length;
        messages = left;
        return there;
      },
      messages: () => messagesOf(client, messages),
    };
  }
}

/**
 * One body after another: servers may answer commands that come together in turns, which would cost more to tell apart than the round trips
 * cost.
 */
async function* messagesOf(
  client: ImapClient,
  messages: readonly RemoteMessage[],
): AsyncGenerator<SourceMessage> {
  for (const { uid, flags, time, base } of messages) {
    const body = client.body(await client.send(`UID FETCH ${uid} (UID BODY.PEEK[])`), uid);
    const first = await body.next();
    yield {
      label: `UID ${uid}`,
      base,
      uid,
      flags,
      read: () =>
        Promise.resolve(
          first.done ? { kind: "gone" } : { kind: "octets", time, chunks: after(first.value, body) },
        ),
    };
    // Whatever was left of it: the next answer begins where this one ends.
    while (!(await body.next()).done);
  }
}

async function* after(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (;;) {
    const next = await rest.next();
    if (next.done) return;
    yield next.value;
  }
}

/** A line of LIST or LSUB; null for any other. */
export function parseList(
  line: string,
):
  | { readonly attributes: readonly string[]; readonly levels: readonly string[]; readonly remote: string }
  | null {
  const m = /^\* (?:LIST|LSUB|XLIST) \(([^)]*)\) (?:NIL|"(\\?.)") (?:"((?:[^"\\]|\\.)*)"|(\S+))/i.exec(line);
  if (!m) return null;
  const delimiter = m[2]?.at(-1) ?? null;
  const remote = m[3] === undefined ? m[4] ?? "" : m[3].replace(/\\(.)/g, "$1");
  if (remote === "") return null;
  const levels = delimiter === null ? [remote] : remote.split(delimiter).filter((l) => l !== "");
  // "INBOX.Sent", where everything lies below INBOX, is "Sent" everywhere else.
  const below = levels.length > 1 && levels[0]?.toUpperCase() === INBOX && delimiter === ".";
  const attributes = (m[1] ?? "").toLowerCase().split(" ").filter((a) => a !== "");
  return { attributes, levels: below ? levels.slice(1) : levels, remote };
}

/** A line of FETCH; null for any other, and where it tells no UID. */
function parseMessage(line: string, mark: (uid: Uid) => string): RemoteMessage | null {
  const uid = Number(/^\* \d+ FETCH \(.*?\bUID (\d{1,10})\b/i.exec(line)?.[1] ?? 0);
  if (uid < 1 || uid > 0xffff_fffe) return null;
  const words = /\bFLAGS \(([^)]*)\)/i.exec(line)?.[1]?.split(" ") ?? [];
  let system = 0;
  const keywords: string[] = [];
  for (const word of words) {
    const bit = SYSTEM[word.toLowerCase()];
    if (bit !== undefined) system |= bit;
    else if (word !== "" && !word.startsWith("\\")) keywords.push(word);
  }
  const time = parseInternalDate(/\bINTERNALDATE "([^"]*)"/i.exec(line)?.[1] ?? "");
  return { uid, flags: { system, keywords }, time, base: `${Math.floor((time ?? 0) / 1000)}.${mark(uid)}` };
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** "22-Nov-2026 10:00:00 +0100" in milliseconds since 1970; null for nothing of the kind. */
export function parseInternalDate(text: string): number | null {
  const m = /^ ?(\d{1,2})-([a-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/i.exec(text);
  const month = MONTHS.indexOf((m?.[2] ?? "").toLowerCase());
  if (!m || month < 0) return null;
  const [day, year, hour, minute, second, away, more] = [1, 3, 4, 5, 6, 8, 9].map((i) => Number(m[i]));
  const zone = ((away ?? 0) * 60 + (more ?? 0)) * (m[7] === "-" ? -1 : 1);
  const time = Date.UTC(year ?? 0, month, day, hour, minute, second) - zone * 60_000;
  return Math.max(0, time);
}
