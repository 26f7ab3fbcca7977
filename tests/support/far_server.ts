/** What a mail server that is not ours does for interop tests, and its mailboxes: Maildirs below its folder, as all of them can have. */
import { eventually } from "./programs.ts";

export interface FarOptions {
  /** Where it listens on port 25, as mail exchangers do. Any address of 127.0.0.0/8 will do. */
  readonly address: string;
  /** Domain it takes mail for. */
  readonly domain: string;
  /** Mailboxes of the domain: local part and folder name in one. */
  readonly users: readonly string[];
  /** Where all other mail goes, as "[host]:port". */
  readonly relay: string;
  /** Folder with server.pem and server.key for STARTTLS; they are copied. */
  readonly tls: string;
  /** Further lines of its configuration. */
  readonly settings?: string;
}

/** Resolves once `child` answers on port 25 of `address`; `name` is what it is called when it does not. */
export async function answering(
  name: string,
  child: Deno.ChildProcess,
  address: string,
  log: () => Promise<string>,
): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  await eventually(`${name} answers`, async () => {
    if (ended) throw new Error(`${name} ended at once:\n${await log()}`);
    const conn = await Deno.connect({ hostname: address, port: 25 }).catch(() => null);
    conn?.close();
    return conn !== null;
  });
}

/** `await using` stops it and removes its folder. */
export abstract class FarServer implements AsyncDisposable {
  readonly dir: string;

  protected constructor(dir: string) {
    this.dir = dir;
  }

  /** Hands it a message (LF line ends) as a local program would. */
  abstract send(from: string, to: string, message: Uint8Array): Promise<void>;

  abstract log(): Promise<string>;

  abstract [Symbol.asyncDispose](): Promise<void>;

  /** Messages delivered to a user, in no order, with the line ends they are stored with (LF). */
  async mail(user: string): Promise<Uint8Array[]> {
    const folder = `${this.dir}/mail/${user}/new`;
    try {
      const found: Uint8Array[] = [];
      for await (const e of Deno.readDir(folder)) found.push(await Deno.readFile(`${folder}/${e.name}`));
      return found;
    } catch (e) {
      if (e instanceof Deno.errors.NotFound) return [];
      throw e;
    }
  }

  /** Octets of the message to a user that has `line` as a whole line, once it is there. */
  async octetsWith(user: string, line: string): Promise<Uint8Array> {
    const has = (m: Uint8Array) => `\n${new TextDecoder().decode(m)}`.includes(`\n${line}\n`);
    try {
      return await eventually(
        `mail for ${user} with "${line}"`,
        async () => (await this.mail(user)).find(has),
      );
    } catch (e) {
      throw new Error(`${e}\n${await this.log()}`);
    }
  }

  /** Octets of the message to a user with this subject, once it is there. */
  octets(user: string, subject: string): Promise<Uint8Array> {
    return this.octetsWith(user, `Subject: ${subject}`);
  }

  /** The same as text. */
  async text(user: string, subject: string): Promise<string> {
    return new TextDecoder().decode(await this.octets(user, subject));
  }
}
