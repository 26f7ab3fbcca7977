/**
 * `subscriptions` in the account's root, as Dovecot keeps it. Version 2: a line "V", TAB, "2", an empty line, then a name a line with TABs between
 * levels; version 1: a name a line with "." between levels. Names are in modified UTF-7.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { folderOf } from "../base/durable.ts";
import { SUBSCRIPTIONS_SIZE } from "../base/limits.ts";
import { compareNames } from "../store/mailbox_name.ts";
import { decodeModifiedUtf7, encodeModifiedUtf7 } from "../store/modified_utf7.ts";
import { levelsOf, nameOfLevels } from "../store/shared_name.ts";
import { replaceLocked } from "./locked_file.ts";
import type { Ports } from "./ports.ts";
import { Serial } from "./serial.ts";
import { inSlices, sortInSlices } from "./slices.ts";

const HEADER = "V\t2";

/** A line of the file and the mailbox it means; null for one we cannot name (it is kept). */
interface Line {
  readonly text: string;
  readonly name: string | null;
}

function* parse(text: string, separator: string): Generator<Line> {
  const lines = text.split("\n");
  const tabbed = lines[0] === HEADER;
  for (let i = tabbed ? 1 : 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (line === "") continue;
    const levels = tabbed ? line.split("\t") : line.split(".");
    const decoded = levels.map(decodeModifiedUtf7).filter((level) => level !== null);
    const name = decoded.length < levels.length ? null : nameOfLevels(decoded, separator);
    yield { text: levels.join("\t"), name };
  }
}

/** Names in a file's text, each once, sorted. */
export function parseSubscriptions(text: string, separator: string): string[] {
  const names = new Set([...parse(text, separator)].map((l) => l.name).filter((n) => n !== null));
  return [...names].sort(compareNames);
}

/** The text with names put in or taken out; null when nothing changes. */
export function changeSubscriptions(
  text: string,
  separator: string,
  names: readonly string[],
  on: boolean,
): string | null {
  const written = names.map((n) => levelsOf(n, separator).map(encodeModifiedUtf7).join("\t"));
  if (on && text.startsWith(`${HEADER}\n`)) {
    // Thousands of names need not be read to add one: a second spelling of it does no harm.
    const missing = written.filter((w) => !text.includes(`\n${w}\n`));
    if (missing.length === 0) return null;
    return `${text}${text.endsWith("\n") ? "" : "\n"}${missing.join("\n")}\n`;
  }
  const lines = [...parse(text, separator)];
  const there = new Set(lines.map((l) => l.name));
  if (names.every((n) => there.has(n) === on)) return null;
  const kept = on ? lines : lines.filter((l) => l.name === null || !names.includes(l.name));
  const added = on ? written.filter((_, i) => !there.has(names[i] ?? null)) : [];
  return [HEADER, "", ...kept.map((l) => l.text), ...added, ""].join("\n");
}

export class SubscriptionFile {
  readonly #ports: Ports;
  readonly #path: string;
  readonly #serial = new Serial();

  constructor(ports: Ports, root: string) {
    this.#ports = ports;
    this.#path = `${root}/subscriptions`;
  }

  async names(): Promise<string[]> {
    const bytes = await this.#ports.fs.readFile(this.#path, SUBSCRIPTIONS_SIZE);
    const names = new Set<string>();
    const lines = parse(fromUtf8(bytes ?? new Uint8Array()), this.#ports.separator);
    await inSlices(this.#ports, folderOf(this.#path), lines, ({ name }) => {
      if (name !== null) names.add(name);
    });
    return await sortInSlices(this.#ports, folderOf(this.#path), [...names], compareNames);
  }

  change(names: readonly string[], on: boolean): Promise<void> {
    return this.#serial.run(() =>
      replaceLocked(this.#ports, this.#path, SUBSCRIPTIONS_SIZE, (bytes) => {
        const text = changeSubscriptions(fromUtf8(bytes), this.#ports.separator, names, on);
        return text === null ? null : utf8(text);
      })
    );
  }
}
