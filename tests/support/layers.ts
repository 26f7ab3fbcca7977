/** Reads the source tree and tells which rules of the house it breaks. The table is the one in mod/README.md. */

/** What each room may import with run-time effect. `sys`, `app` and `build` stand apart: they may name the platform. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  std: [],
  wire: ["base"],
  mail: ["base", "wire"],
  dns: ["base", "wire"],
  auth: ["base", "wire", "mail", "dns"],
  sasl: ["base"],
  store: ["base", "wire", "mail"],
  yaml: ["base"],
  account: ["base", "yaml", "mail", "sasl"],
  smtp: ["base", "wire", "mail", "sasl"],
  pop3: ["base", "wire", "sasl", "store"],
  imap: ["base", "wire", "mail", "sasl", "store"],
  queue: ["base", "wire", "mail"],
  inbound: ["base", "wire", "mail", "dns", "auth", "sasl", "store", "account", "smtp", "queue"],
  outbound: ["base", "wire", "mail", "dns", "auth", "smtp", "queue"],
  maildir: ["base", "wire", "mail", "store"],
  index: ["base", "mail", "store"],
  transfer: ["base", "wire", "mail", "store", "maildir"],
  backup: ["base", "mail", "store", "queue", "maildir", "transfer"],
  tls: ["base"],
  config: ["base", "yaml", "mail", "account"],
  report: ["base", "wire", "mail", "dns", "auth", "queue"],
  trace: ["base"],
  status: ["base", "config", "std", "wire"],
  sys: ["base", "wire", "dns", "store", "queue", "tls"],
  build: [],
};

/** Packages from outside and who may have them. Others may be imported by `app` only. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  hono: ["status"],
  "js-yaml": ["yaml"],
  yaml: ["std", "config"],
  valibot: ["yaml", "account"],
  "dns-packet": ["dns"],
  "@peculiar/x509": ["tls"],
  "reflect-metadata": ["tls"],
  uqr: ["status"],
  "@logtape/logtape": ["sys"],
  bcryptjs: ["account"],
  "@std/yaml": ["config", "account", "status"],
  "@std/crypto": ["account", "auth", "sasl", "status"],
  "@std/fs": ["config", "sys"],
  "@std/net": ["sys"],
};

/** Cryptography is arithmetic, not platform: there is no other scrypt or SHA-256 to hand in. */
const CRYPTO_ROOMS = new Set(["account", "auth", "sasl", "std", "transfer", "backup"]);
const PLATFORM_ROOMS = new Set(["sys", "app", "std", "build"]);
const PLATFORM_NAMES =
  /\b(Deno(?!\.errors\b)(?=\.)|Date\.now|Math\.random|setTimeout|setInterval|setImmediate|performance\.now|new Date\(\))/;
const MOST_LINES = 500;

export interface House {
  /** Path below the repository's top -> text. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths of test files. */
  readonly tests: ReadonlySet<string>;
}

/** Reads main.ts, mod/ and the names of tests. */
export async function readHouse(top: URL): Promise<House> {
  const files = new Map<string, string>();
  const tests = new Set<string>();
  for await (const path of walk(top, "mod")) files.set(path, await Deno.readTextFile(new URL(path, top)));
  for await (const path of walk(top, "tests")) if (path.endsWith("_test.ts")) tests.add(path);
  return { files, tests };
}

async function* walk(top: URL, path: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(new URL(path, top))) {
    const below = `${path}/${entry.name}`;
    if (entry.isDirectory) yield* walk(top, below);
    else if (entry.name.endsWith(".ts")) yield below;
  }
}

/** One line for each broken rule; sorted, empty when all is well. */
export function faultsOf(house: House): string[] {
  const faults: string[] = [];
  for (const [path, text] of house.files) {
    for (
      const fault of [
        ...importFaults(path, text),
        ...platformFaults(path, text),
        ...shapeFaults(path, text, house),
      ]
    ) {
      faults.push(`${path}: ${fault}`);
    }
  }
  return faults.sort();
}

function roomOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function* importFaults(path: string, text: string): Generator<string> {
  const room = roomOf(path);
  if (room === "app") return;
  const allowed = MAY_IMPORT[room];
  if (!allowed) return yield `${room}/ is not in the table of rooms`;
  for (const target of importsOf(text)) {
    if (target.startsWith(".")) {
      const to = roomOf(new URL(target, `file:///${path}`).pathname.slice(1));
      if (to !== room && !allowed.includes(to)) yield `${room}/ may not import ${to}/ (${target})`;
    } else if (target.startsWith("node:")) {
      const crypto = target === "node:crypto" && CRYPTO_ROOMS.has(room);
      if (!crypto && !PLATFORM_ROOMS.has(room)) yield `imports ${target}, which only sys/ and app/ may`;
    } else {
      const name = target.split("/").slice(0, target.startsWith("@") ? 2 : 1).join("/");
      if (!PACKAGES[name]?.includes(room)) yield `imports ${target}, which is not for ${room}/`;
    }
  }
}

/** Targets of imports that exist at run time. */
function* importsOf(text: string): Generator<string> {
  for (const m of text.matchAll(/^\s*(?:import|export)\s+(?!type\b)([^;"']*?from\s*)?["']([^"']+)["']/gm)) {
    const names = /\{([^}]*)\}/.exec(m[1] ?? "")?.[1];
    const onlyTypes = names !== undefined && !/^\s*\w+\s*,/.test(m[1] ?? "") &&
      names.split(",").every((n) => n.trim() === "" || n.trim().startsWith("type "));
    if (!onlyTypes) yield m[2] ?? "";
  }
  for (const m of text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)(?!\.[A-Z])/g)) yield m[1] ?? "";
}

function* platformFaults(path: string, text: string): Generator<string> {
  if (PLATFORM_ROOMS.has(roomOf(path))) return;
  for (const [i, line] of text.split("\n").entries()) {
    const code = line.replace(/^\s*(\/?\*|\/\/).*$/, "").replace(/\s\/\/ .*$/, "").replace(
      /"(?:[^"\\]|\\.)*"/g,
      '""',
    );
    const found = PLATFORM_NAMES.exec(code);
    if (found) yield `line ${i + 1} names ${found[1]}, which only sys/ and app/ may`;
  }
}

function* shapeFaults(path: string, text: string, house: House): Generator<string> {
  const lines = text.split("\n").length;
  if (lines > MOST_LINES) yield `has ${lines} lines, more than ${MOST_LINES}`;
  const test = path.replace(/^mod\//, "tests/").replace(/\.ts$/, "_test.ts");
  // Sockets need the network, which unit tests do not have: their tests stand with the end-to-end ones.
  const elsewhere = test.replace("tests/", "tests/e2e/");
  // app/ is wiring, shown by starting the whole server.
  if (roomOf(path) === "app" && !path.startsWith("mod/app/verbs/")) return;
  if (hasCode(text) && !house.tests.has(test) && !house.tests.has(elsewhere)) yield `has no ${test}`;
}

/** Whether there is anything to test: functions or classes, not only types and constants. */
function hasCode(text: string): boolean {
  return /^(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function|class|abstract class)\b/m.test(text);
}
