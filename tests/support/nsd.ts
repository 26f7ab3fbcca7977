/** Debian's nsd, a name server, with zones of its own on a free port of 127.0.0.1. */
import { freePort } from "./free_ports.ts";
import { eventually, must } from "./programs.ts";

/** `await using` stops it and removes its folder. */
export class Nsd implements AsyncDisposable {
  readonly port: number;
  readonly #dir: string;
  readonly #child: Deno.ChildProcess;

  private constructor(port: number, dir: string, child: Deno.ChildProcess) {
    this.port = port;
    this.#dir = dir;
    this.#child = child;
  }

  /** Starts it with zone files by domain, which must all pass nsd-checkzone; on any free port unless one is given. */
  static async start(zones: Readonly<Record<string, string>>, port: number = freePort()): Promise<Nsd> {
    const dir = await Deno.makeTempDir({ prefix: "roost-nsd-" });
    const lines = [
      "server:",
      `  ip-address: 127.0.0.1@${port}`,
      "  do-ip6: no",
      "  server-count: 1",
      '  username: ""',
      '  chroot: ""',
      `  zonesdir: "${dir}"`,
      '  database: ""',
      `  pidfile: "${dir}/nsd.pid"`,
      `  xfrdfile: "${dir}/xfrd.state"`,
      `  zonelistfile: "${dir}/zone.list"`,
      `  xfrdir: "${dir}"`,
      `  logfile: "${dir}/log"`,
      "remote-control:",
      "  control-enable: no",
    ];
    for (const [domain, text] of Object.entries(zones)) {
      await Deno.writeTextFile(`${dir}/${domain}`, text);
      await must("nsd-checkzone", [domain, `${dir}/${domain}`]);
      lines.push("zone:", `  name: "${domain}"`, `  zonefile: "${domain}"`);
    }
    await Deno.writeTextFile(`${dir}/nsd.conf`, lines.join("\n") + "\n");
    const args = ["-d", "-c", `${dir}/nsd.conf`];
    const child = new Deno.Command("/usr/sbin/nsd", { args, stdout: "null", stderr: "null" }).spawn();
    const nsd = new Nsd(port, dir, child);
    try {
      await eventually("nsd answers", () => answers(port), 20);
    } catch (e) {
      const log = await Deno.readTextFile(`${dir}/log`).catch(() => "");
      await nsd[Symbol.asyncDispose]();
      throw new Error(`${e}\n${log}`);
    }
    return nsd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await Deno.remove(this.#dir, { recursive: true });
  }
}

async function answers(port: number): Promise<boolean> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
  conn?.close();
  return conn !== null;
}
