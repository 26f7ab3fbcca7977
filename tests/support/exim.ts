/** A private Exim: own configuration, spool and mailboxes below one folder. Needs root; Debian's package is unpacked, not installed. */
import { answering, type FarOptions, FarServer } from "./far_server.ts";
import { eventually, must, run } from "./programs.ts";
import { unpacked, withAccounts } from "./unpacked.ts";

export class Exim extends FarServer {
  #program = "";
  #env: Record<string, string> = {};
  #child: Deno.ChildProcess | null = null;

  private constructor(dir: string) {
    super(dir);
  }

  /** Makes its folder and starts it; it takes mail when this resolves. */
  static async start(options: FarOptions): Promise<Exim> {
    const exim = new Exim(await Deno.makeTempDir({ prefix: "roost-exim-" }));
    try {
      await exim.#prepare(options);
      await exim.#launch(options.address);
    } catch (e) {
      await exim[Symbol.asyncDispose]();
      throw e;
    }
    return exim;
  }

  override async send(from: string, to: string, message: Uint8Array): Promise<void> {
    const args = ["-C", `${this.dir}/exim.conf`, "-i", "-f", from, to];
    await must(this.#program, args, { stdin: message, env: this.#env });
  }

  override async log(): Promise<string> {
    const logs = ["mainlog", "paniclog", "rejectlog"].map((name) =>
      Deno.readTextFile(`${this.dir}/log/${name}`).catch(() => "")
    );
    return (await Promise.all(logs)).join("");
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child) {
      try {
        child.kill("SIGTERM");
      } catch {
        // It ended by itself; what it could not do is in its log.
      }
      await child.status;
    }
    // Deliveries under way may still make files.
    await eventually("Exim's folder is gone", async () => (await run("rm", ["-rf", this.dir])).code === 0);
  }

  async #launch(address: string): Promise<void> {
    const child = new Deno.Command(this.#program, {
      args: ["-C", `${this.dir}/exim.conf`, "-bdf", "-q1m"],
      env: this.#env,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#child = child;
    await answering("Exim", child, address, () => this.log());
  }

  async #prepare({ address, domain, users, relay, tls, settings = "" }: FarOptions): Promise<void> {
    const { dir } = this;
    const files = await unpacked("exim4", ["exim4-base", "exim4-daemon-light"]);
    this.#program = `${dir}/exim4`;
    await Deno.copyFile(`${files}/usr/sbin/exim4`, this.#program);
    // Without the set-user-ID bit: it stays what it began as, and finds its accounts.
    await Deno.chmod(this.#program, 0o755);
    await Deno.chmod(dir, 0o755);
    this.#env = await withAccounts(dir, ["Debian-exim"]);
    for (const d of ["spool", "log", "mail"]) await Deno.mkdir(`${dir}/${d}`);
    for (const f of ["server.pem", "server.key"]) await Deno.copyFile(`${tls}/${f}`, `${dir}/${f}`);
    await must("chown", ["mail:mail", ...["spool", "log", "mail", "server.key"].map((d) => `${dir}/${d}`)]);
    await Deno.writeTextFile(`${dir}/users`, users.map((u) => `${u}: ${u}\n`).join(""));
    await Deno.writeTextFile(
      `${dir}/exim.conf`,
      `exim_path = ${this.#program}
keep_environment = LD_PRELOAD : ^NSS_WRAPPER_
add_environment = PATH=/usr/bin:/bin
spool_directory = ${dir}/spool
log_file_path = ${dir}/log/%slog
log_selector = +received_recipients
pid_file_path = ${dir}/exim.pid
primary_hostname = mail.${domain}
qualify_domain = ${domain}
domainlist local_domains = ${domain}
hostlist relay_from = 127.0.0.0/8
local_interfaces = ${address}
daemon_smtp_ports = 25
disable_ipv6 = true
tls_advertise_hosts = *
tls_certificate = ${dir}/server.pem
tls_privatekey = ${dir}/server.key
dsn_advertise_hosts = *
deliver_drop_privilege = true
trusted_users = root : mail
host_lookup =
rfc1413_query_timeout = 0s
message_size_limit = 50M
acl_smtp_rcpt = check_rcpt
acl_smtp_data = accept
${settings}
begin acl
check_rcpt:
  deny message = no such user here
    domains = +local_domains
    condition = \${if eq{\${lookup{$local_part}lsearch{${dir}/users}}}{}}
  accept domains = +local_domains
  accept hosts = +relay_from
  deny message = relaying denied
begin routers
ours:
  driver = accept
  domains = +local_domains
  local_parts = lsearch;${dir}/users
  transport = maildir
theirs:
  driver = manualroute
  domains = ! +local_domains
  route_list = * ${relay.replace(/\[(.*)\]:/, "$1::")}
  self = send
  transport = out
begin transports
maildir:
  driver = appendfile
  directory = ${dir}/mail/\${lookup{$local_part}lsearch{${dir}/users}}
  maildir_format
  return_path_add
out:
  driver = smtp
  hosts_require_tls = *
begin retry
* * F,2h,1m
`,
    );
  }
}
