/** Debian's pebble, an ACME authority for tests, which trusts nobody and refuses some nonces. */
import { systemClock } from "../../mod/sys/clock.ts";
import { systemRandom } from "../../mod/sys/random.ts";
import { issueAuthority, issueServer } from "../../mod/tls/own_ca.ts";
import { freePorts } from "./free_ports.ts";
import { eventually } from "./programs.ts";

export interface PebbleOptions {
  /** Port of every host where challenges are looked for by HTTP. */
  readonly httpPort: number;
  /** The same by TLS. */
  readonly tlsPort?: number;
  /** Of a hundred nonces, how many are called bad. */
  readonly badNonces?: number;
  /** HMAC keys, base64url, by name: accounts must be bound to one of these. */
  readonly external?: Readonly<Record<string, string>>;
  /** Name server by which names are looked up, ADDRESS:PORT. */
  readonly dns: string;
  /** Seconds certificates live. */
  readonly life?: number;
}

export class Pebble implements AsyncDisposable {
  readonly directory: string;
  /** File of the authority that certifies its own HTTPS server. */
  readonly ca: string;
  readonly #child: Deno.ChildProcess;
  readonly #dir: string;
  readonly #management: string;

  private constructor(dir: string, port: number, management: number, child: Deno.ChildProcess) {
    this.directory = `https://127.0.0.1:${port}/dir`;
    this.ca = `${dir}/ca.pem`;
    this.#child = child;
    this.#dir = dir;
    this.#management = `https://127.0.0.1:${management}`;
  }

  static async start(options: PebbleOptions): Promise<Pebble> {
    const dir = await Deno.makeTempDir({ prefix: "roost-pebble-" });
    const [port = 0, management = 0] = freePorts(2);
    const authority = await issueAuthority("pebble", systemClock, systemRandom);
    const server = await issueServer(
      authority,
      { dns: ["localhost"], ip: ["127.0.0.1"] },
      systemClock,
      systemRandom,
    );
    await Deno.writeTextFile(`${dir}/ca.pem`, authority.certificate);
    await Deno.writeTextFile(`${dir}/cert.pem`, server.certificate);
    await Deno.writeTextFile(`${dir}/key.pem`, server.key);
    const pebble = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: `${dir}/cert.pem`,
      privateKey: `${dir}/key.pem`,
      httpPort: options.httpPort,
      tlsPort: options.tlsPort ?? 1,
      ocspResponderURL: "",
      externalAccountBindingRequired: options.external !== undefined,
      externalAccountMACKeys: options.external ?? {},
      ...(options.life === undefined ? {} : { certificateValidityPeriod: options.life }),
    };
    await Deno.writeTextFile(`${dir}/config.json`, JSON.stringify({ pebble }));
    const child = new Deno.Command("pebble", {
      args: ["-config", `${dir}/config.json`, "-strict", "-dnsserver", options.dns],
      env: {
        PEBBLE_VA_NOSLEEP: "1",
        PEBBLE_WFE_NONCEREJECT: `${options.badNonces ?? 15}`,
        PEBBLE_AUTHZREUSE: "0",
      },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const made = new Pebble(dir, port, management, child);
    try {
      await eventually("pebble answers", () => made.#ask("/roots/0").then(() => true).catch(() => false), 20);
    } catch (e) {
      await made[Symbol.asyncDispose]();
      throw e;
    }
    return made;
  }

  /** The root of what it issues, PEM. */
  root(): Promise<string> {
    return this.#ask("/roots/0");
  }

  /** "Valid" or "Revoked", of a certificate by its serial number in hexadecimal. */
  async state(serial: string): Promise<string> {
    const found: unknown = JSON.parse(await this.#ask(`/cert-status-by-serial/${serial.toLowerCase()}`));
    return String((found as { Status?: unknown }).Status);
  }

  async #ask(path: string): Promise<string> {
    const caCerts = [await Deno.readTextFile(this.ca)];
    using client = Deno.createHttpClient({ caCerts });
    const answer = await fetch(this.#management + path, { client });
    return await answer.text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await Deno.remove(this.#dir, { recursive: true });
  }
}
