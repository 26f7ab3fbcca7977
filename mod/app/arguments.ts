/** Command-line arguments after a verb. Pure. */
import { suggest } from "../base/suggest.ts";
import { CommandFault } from "./terminal.ts";

/** One option: "--name", perhaps also "-n". */
export interface Option {
  /** Name of its value in the help; without it the option takes none. */
  readonly value?: string;
  /** One letter. */
  readonly short?: string;
  readonly doc: string;
}

export type Options = Readonly<Record<string, Option>>;

export interface Arguments {
  /** Option to its value, "" for those that take none. */
  readonly options: ReadonlyMap<string, string>;
  /** Everything else, in order. */
  readonly operands: readonly string[];
}

/** Sorts arguments into options and operands; "--" ends the options. Throws CommandFault (2) with what is wrong. */
export function parseArguments(args: readonly string[], known: Options): Arguments {
  const options = new Map<string, string>();
  const operands: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--") {
      operands.push(...args.slice(i + 1));
      break;
    }
    if (arg === "-" || !arg.startsWith("-")) {
      operands.push(arg);
      continue;
    }
    const { name, value } = arg.startsWith("--") ? longOption(arg, known) : shortOption(arg, known);
    if (known[name]?.value === undefined) {
      if (value !== null) throw new CommandFault(`--${name} takes no value`, 2);
      options.set(name, "");
      continue;
    }
    const given = value ?? args[++i];
    // A value is forgotten more often than it is called as an option; --name=--value says otherwise.
    if (given === undefined || value === null && isOption(given, known)) {
      throw new CommandFault(`--${name} needs a value: ${known[name].value}`, 2);
    }
    options.set(name, given);
  }
  return { options, operands };
}

function isOption(arg: string, known: Options): boolean {
  return arg.startsWith("--") && Object.hasOwn(known, arg.slice(2).split("=")[0] ?? "");
}

function longOption(arg: string, known: Options): { readonly name: string; readonly value: string | null } {
  const equals = arg.indexOf("=");
  const name = arg.slice(2, equals < 0 ? undefined : equals);
  if (!Object.hasOwn(known, name)) {
    const meant = suggest(name, Object.keys(known));
    throw new CommandFault(`there is no option --${name}${meant ? `; did you mean --${meant}?` : ""}`, 2);
  }
  return { name, value: equals < 0 ? null : arg.slice(equals + 1) };
}

/** "-f VALUE" or "-fVALUE"; letters are not bundled. */
function shortOption(arg: string, known: Options): { readonly name: string; readonly value: string | null } {
  const found = Object.entries(known).find(([, o]) => o.short === arg[1]);
  if (!found) throw new CommandFault(`there is no option ${arg}`, 2);
  return { name: found[0], value: arg.length > 2 ? arg.slice(2) : null };
}
