/**
 * `roost-special-use` in the account's root: lines `USE`, TAB, folder name, for uses that were chosen (CREATE-SPECIAL-USE). That the file is there
 * says that the special folders were made once: whoever removes one does not get it back.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { SUBSCRIPTIONS_SIZE } from "../base/limits.ts";
import type { SpecialUse } from "../store/store.ts";
import { replaceLocked } from "./locked_file.ts";
import type { Ports } from "./ports.ts";

const USES: readonly SpecialUse[] = ["All", "Archive", "Drafts", "Flagged", "Junk", "Sent", "Trash"];

/** Uses by folder name. */
export function parseSpecialUses(text: string): Map<string, SpecialUse> {
  const uses = new Map<string, SpecialUse>();
  for (const line of text.split("\n")) {
    const tab = line.indexOf("\t");
    const use = USES.find((u) => u === line.slice(0, tab));
    if (use) uses.set(line.slice(tab + 1), use);
  }
  return uses;
}

export function formatSpecialUses(uses: ReadonlyMap<string, SpecialUse>): string {
  return [...uses].map(([name, use]) => `${use}\t${name}\n`).join("");
}

export class SpecialUseFile {
  readonly #ports: Ports;
  readonly #path: string;

  constructor(ports: Ports, root: string) {
    this.#ports = ports;
    this.#path = `${root}/roost-special-use`;
  }

  exists(): boolean {
    return this.#ports.fs.statSync(this.#path) !== null;
  }

  async read(): Promise<Map<string, SpecialUse>> {
    return parseSpecialUses(
      fromUtf8(await this.#ports.fs.readFile(this.#path, SUBSCRIPTIONS_SIZE) ?? new Uint8Array()),
    );
  }

  /** Changes what is chosen; makes the file if need be. */
  async change(change: (uses: Map<string, SpecialUse>) => void): Promise<void> {
    await replaceLocked(this.#ports, this.#path, SUBSCRIPTIONS_SIZE, (bytes) => {
      const uses = parseSpecialUses(fromUtf8(bytes));
      change(uses);
      return utf8(formatSpecialUses(uses));
    });
  }
}
