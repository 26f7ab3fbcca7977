/** A private Postfix: own configuration, queue and mailboxes below one folder. Needs root and Debian's package. */
import { answering, type FarOptions, FarServer } from "./far_server.ts";
import { eventually, must, run } from "./programs.ts";

export interface PostfixOptions extends FarOptions {
  /** Further lines of master.cf. */
  readonly services?: string;
}

const QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public"
  .split(" ");

const SERVICES = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

export class Postfix extends FarServer {
  readonly #address: string;
  #child: Deno.ChildProcess | null = null;

  private constructor(dir: string, address: string) {
    super(dir);
    this.#address = address;
  }

  /** Makes its folder and starts it; it takes mail when this resolves. */
  static async start(options: PostfixOptions): Promise<Postfix> {
    const postfix = new Postfix(await Deno.makeTempDir({ prefix: "roost-postfix-" }), options.address);
    try {
      await postfix.#prepare(options);
      await postfix.launch();
    } catch (e) {
      await postfix[Symbol.asyncDispose]();
      throw e;
    }
    return postfix;
  }

  /** Starts it again after `stop`, with the mail and the queue it had. */
  async launch(): Promise<void> {
    const child = new Deno.Command("/usr/lib/postfix/sbin/master", {
      // Whatever becomes of the test run, it does not live for ever.
      args: ["-c", `${this.dir}/conf`, "-d", "-e", "300"],
      env: { MAIL_CONFIG: `${this.dir}/conf` },
      // A process group of its own, which master ends with itself.
      detached: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#child = child;
    await answering("Postfix", child, this.#address, () => this.log());
  }

  /** Ends it with all its processes: master passes the signal on to its process group. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = null;
    try {
      child.kill("SIGTERM");
    } catch {
      // It ended by itself; what it could not do is in its log.
    }
    await child.status;
  }

  override async send(from: string, to: string, message: Uint8Array): Promise<void> {
    await this.sendTo(from, [to], message);
  }

  /** The same to several, with its own sendmail command. */
  async sendTo(from: string, to: readonly string[], message: Uint8Array): Promise<void> {
    await must("/usr/sbin/sendmail", ["-C", `${this.dir}/conf`, "-i", "-f", from, ...to], {
      stdin: message,
      env: { MAIL_CONFIG: `${this.dir}/conf` },
    });
  }

  /** Tries all it has put off. */
  async flush(): Promise<void> {
    await must("/usr/sbin/postqueue", ["-c", `${this.dir}/conf`, "-f"]);
  }

  override async log(): Promise<string> {
    return await Deno.readTextFile(`${this.dir}/maillog`).catch(() => "");
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    // Its processes end a moment after master and may still make files.
    await eventually("Postfix's folder is gone", async () => (await run("rm", ["-rf", this.dir])).code === 0);
  }

  async #prepare({ domain, users, relay, tls, settings = "", services = "" }: PostfixOptions): Promise<void> {
    const { dir } = this;
    await Deno.chmod(dir, 0o755);
    for (const d of ["data", "spool/pid", "mail", "conf"]) {
      await Deno.mkdir(`${dir}/${d}`, { recursive: true });
    }
    for (const q of QUEUES) await Deno.mkdir(`${dir}/spool/${q}`, { mode: 0o700 });
    await must("chown", ["postfix:postdrop", `${dir}/data`, ...QUEUES.map((q) => `${dir}/spool/${q}`)]);
    const uid = (await must("id", ["-u", "mail"])).trim();
    await must("chown", ["mail:mail", `${dir}/mail`]);
    for (const f of ["server.pem", "server.key"]) await Deno.copyFile(`${tls}/${f}`, `${dir}/conf/${f}`);
    const map = users.map((u) => `${u}@${domain} ${u}/\n`).join("");
    await Deno.writeTextFile(`${dir}/conf/mailboxes`, map);
    // inet_interfaces must be addresses that an interface has; where it listens is said in master.cf. The machine's DNS is asked nothing:
    // it may take half a minute to say that it does not know a name for 127.1.2.3.
    await Deno.writeTextFile(
      `${dir}/conf/main.cf`,
      `compatibility_level = 3.6
queue_directory = ${dir}/spool
data_directory = ${dir}/data
maillog_file = ${dir}/maillog
maillog_file_prefixes = /
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.${domain}
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = ${domain}
virtual_mailbox_base = ${dir}/mail
virtual_mailbox_maps = hash:${dir}/conf/mailboxes
virtual_mailbox_limit = 0
virtual_uid_maps = static:${uid}
virtual_gid_maps = static:${uid}
virtual_minimum_uid = 1
message_size_limit = 52428800
smtputf8_enable = yes
relayhost = ${relay}
smtp_tls_security_level = may
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${dir}/conf/server.pem
smtpd_tls_key_file = ${dir}/conf/server.key
smtpd_tls_received_header = yes
disable_dns_lookups = yes
smtpd_peername_lookup = no
${settings}`,
    );
    await must("postmap", ["-c", `${dir}/conf`, `hash:${dir}/conf/mailboxes`]);
    await Deno.writeTextFile(
      `${dir}/conf/master.cf`,
      `${this.#address}:25 inet n - n - - smtpd\n${SERVICES}${services}`,
    );
  }
}
