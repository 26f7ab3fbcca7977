/** What every verb is, and what is common to them. */
import type { Arguments, Options } from "./arguments.ts";
import type { Terminal, Tools } from "./terminal.ts";

/** A call of a verb. */
export interface Call extends Arguments {
  readonly terminal: Terminal;
  readonly tools: Tools;
}

export interface Verb {
  /** Lines after "roost ", such as "user add ADDRESS [--password-stdin]". */
  readonly usage: readonly string[];
  /** What it does, in sentences. */
  readonly about: string;
  readonly options: Options;
  /** Gives the exit code. Throws CommandFault for what is wrong by plan. */
  run(call: Call): Promise<number>;
}

/** Options that verbs share. */
export const CONFIG_OPTION: Options = {
  config: {
    value: "FILE",
    doc: "the configuration; default $ROOST_CONFIG, ./roost.yaml, /etc/roost/roost.yaml",
  },
};
export const JSON_OPTION: Options = { json: { doc: "print data as JSON" } };

/** Rows as columns, two spaces apart, without spaces at line ends. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()).join("\n");
}

/** Text in bold on a terminal. */
export function bold(terminal: Terminal, text: string): string {
  return terminal.isTerminal ? `\x1b[1m${text}\x1b[0m` : text;
}
