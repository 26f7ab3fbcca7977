/**
 * `roost-shared` in the mail root: which folders some id has the right to see, lines of the id, TAB, the owner, TAB, the folder's name on disk. It only
 * says where to look: a line too many does no harm, the file may be removed at any time, and whatever is missing is found when all is looked
 * through again.
 */
import type { AccountId } from "../account/directory.ts";
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { SHARED_LIST_SIZE } from "../base/limits.ts";
import { replaceLocked } from "./locked_file.ts";
import type { Ports } from "./ports.ts";
import { inSlices } from "./slices.ts";

export interface SharedLine {
  readonly id: string;
  readonly owner: AccountId;
  /** Below the owner's folder: "" for INBOX. */
  readonly dir: string;
}

/** What the file says, by id. */
export type SharedLines = ReadonlyMap<string, readonly SharedLine[]>;

export function formatShared({ id, owner, dir }: SharedLine): string {
  return `${id}\t${owner}\t${dir}`;
}

/** null for what is no line. */
export function parseShared(line: string): SharedLine | null {
  const [id = "", owner = "", dir, ...more] = line.split("\t");
  return id === "" || owner === "" || dir === undefined || more.length > 0 ? null : { id, owner, dir };
}

export class SharedList {
  readonly #ports: Ports;
  readonly #root: string;
  readonly #path: string;
  #stamp = "";
  #lines: SharedLines = new Map();

  /** `root` is the mail root. */
  constructor(ports: Ports, root: string) {
    this.#ports = ports;
    this.#root = root;
    this.#path = `${root}/roost-shared`;
  }

  /** When all was last looked through, in milliseconds since 1970; null when there is no file. */
  get age(): number | null {
    const stat = this.#ports.fs.statSync(this.#path);
    return stat?.kind === "file" ? this.#ports.clock.now() - stat.mtime : null;
  }

  /** What it says, read again only if it has changed. */
  async lines(): Promise<SharedLines> {
    const { fs } = this.#ports;
    const stat = fs.statSync(this.#path);
    const stamp = stat ? `${stat.inode} ${stat.ctime} ${stat.size}` : "";
    if (stamp === this.#stamp) return this.#lines;
    const bytes = await fs.readFile(this.#path, SHARED_LIST_SIZE);
    const lines = new Map<string, SharedLine[]>();
    await inSlices(this.#ports, this.#root, textLines(bytes ?? new Uint8Array()), (text) => {
      const line = parseShared(text);
      if (line === null) return;
      const known = lines.get(line.id);
      if (known) known.push(line);
      else lines.set(line.id, [line]);
    });
    this.#stamp = stamp;
    return this.#lines = lines;
  }

  /**
   * Takes out lines of `before` that are not in `now`, and puts those of `now` in: what others put in meanwhile stays. With `all`, everything was looked
   * through: the file is new in any case.
   */
  async update(before: ReadonlySet<string>, now: ReadonlySet<string>, all: boolean): Promise<void> {
    await replaceLocked(this.#ports, this.#path, SHARED_LIST_SIZE, (bytes) => {
      const there = new Set(textLines(bytes));
      const after = there.difference(before.difference(now)).union(now);
      const same = after.size === there.size && there.isSubsetOf(after);
      return same && !all ? null : utf8([...after].map((line) => `${line}\n`).join(""));
    });
  }

  /** Lines as they are in the file. */
  async texts(): Promise<Set<string>> {
    return new Set(
      textLines(await this.#ports.fs.readFile(this.#path, SHARED_LIST_SIZE) ?? new Uint8Array()),
    );
  }
}

function textLines(bytes: Uint8Array): string[] {
  return fromUtf8(bytes).split("\n").filter((line) => line !== "");
}
