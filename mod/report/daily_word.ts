/**
 * The daily word to the postmaster, only when something is wrong. Once a day at most: when it was last written stands in a file, written before the
 * mail, so that a server that falls over again and again does not write each time. A clock that jumps costs one mail more, never a flood.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import { WORD_EVERY, WORD_FILE } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { type Address, formatAddress } from "../mail/address.ts";
import { composeText } from "../mail/compose.ts";
import { formatDate } from "../mail/date.ts";

/** Something that is not as it should be. */
export interface Trouble {
  readonly level: "ok" | "warn" | "fail";
  readonly about: string;
  readonly what: string;
  /** What to do; null where there is nothing to do. */
  readonly fix: string | null;
}

export interface WordPorts {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly log: Log;
  /** Keeps when the postmaster was last written to; its folder is there. */
  readonly file: string;
  readonly hostname: string;
  /** What is wrong, worst first. */
  troubles(): Promise<readonly Trouble[]>;
  /** Whom to tell; null for nobody. */
  postmaster(): Address | null;
  /** Hands a message to the queue. */
  send(message: Uint8Array, to: Address): Promise<void>;
}

/** Looks once, and writes if there is something to write. Never throws. True when a mail went out. */
export async function tellPostmaster(ports: WordPorts): Promise<boolean> {
  const { fs, clock, log, file, hostname } = ports;
  try {
    const to = ports.postmaster();
    const now = clock.now();
    if (to === null || Math.abs(now - await lastWord(fs, file)) < WORD_EVERY) return false;
    const troubles = (await ports.troubles()).filter((t) => t.level !== "ok");
    if (troubles.length === 0) return false;
    await replaceFile(fs, file, utf8(`${now}\n`));
    await ports.send(formatWord(hostname, to, troubles, now), to);
    log.info("postmaster told", { troubles: troubles.length });
    return true;
  } catch (cause) {
    // With a disk that takes nothing there is no mail either: the log and the page have it.
    log.error("postmaster not told", {}, cause);
    return false;
  }
}

/** The mail: a line a trouble, and what to do. */
export function formatWord(
  hostname: string,
  to: Address,
  troubles: readonly Trouble[],
  now: number,
): Uint8Array {
  const lines = troubles.map((t) =>
    `${t.level === "fail" ? "Broken" : "Look"}: ${t.about}: ${t.what}\n${
      t.fix === null ? "" : `  To do: ${t.fix}\n`
    }`
  );
  const text = `This is the mail server ${hostname}. It looks after itself, but for this:\n\n${
    lines.join("\n")
  }
"roost check" on the server says more. As long as something is wrong, a mail like this comes once a day.\n`;
  const first = troubles[0]?.about ?? "";
  const more = troubles.length > 1 ? ` and ${troubles.length - 1} more` : "";
  return composeText(
    [
      ["From", `<${formatAddress(to)}>`],
      ["To", `<${formatAddress(to)}>`],
      ["Date", formatDate(now, 0)],
      ["Message-ID", `<word.${now}@${hostname}>`],
      ["Auto-Submitted", "auto-generated"],
    ],
    `${hostname} needs you: ${first}${more}`,
    text,
  );
}

async function lastWord(fs: Fs, file: string): Promise<number> {
  const octets = await fs.readFile(file, WORD_FILE);
  const time = octets ? Number(fromUtf8(octets)) : NaN;
  return Number.isFinite(time) ? time : -Infinity;
}
