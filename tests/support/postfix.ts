/** A private Postfix: own configuration, queue and mailboxes below one folder. Needs root and Debian's package. */
import { eventually, must, run } from "./programs.ts";

export interface PostfixOptions {
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
  /** Further lines of main.cf. */
  readonly settings?: string;
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

/** `await using` stops it and removes its folder. */
export class Postfix implements AsyncDisposable {
  readonly dir: string;
  readonly #address: string;
  #child: Deno.ChildProcess | null = null;

  private constructor(dir: string, address: string) {
    this.dir = dir;
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
    let ended = false;
    child.status.then(() => ended = true);
    await eventually("Postfix answers", async () => {
      if (ended) throw new Error(`Postfix ended at once:\n${await this.log()}`);
      const conn = await Deno.connect({ hostname: this.#address, port: 25 }).catch(() => null);
      conn?.close();
      return conn !== null;
    });
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

  /** Messages delivered to a user, in no order, with the line ends Postfix stores (LF). */
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

  /** Octets of the message to a user with this subject, once it is there; fails with the log when it does not come. */
  async octets(user: string, subject: string): Promise<Uint8Array> {
    const has = (m: Uint8Array) => new TextDecoder().decode(m).includes(`\nSubject: ${subject}\n`);
    try {
      return await eventually(
        `mail for ${user} with subject "${subject}"`,
        async () => (await this.mail(user)).find(has),
      );
    } catch (e) {
      throw new Error(`${e}\n${await this.log()}`);
    }
  }

  /** The same as text. */
  async text(user: string, subject: string): Promise<string> {
    return new TextDecoder().decode(await this.octets(user, subject));
  }

  /** Hands it a message (LF line ends) as a local program would, with its own sendmail command. */
  async send(from: string, to: string, message: Uint8Array): Promise<void> {
    await must("/usr/sbin/sendmail", ["-C", `${this.dir}/conf`, "-i", "-f", from, to], {
      stdin: message,
      env: { MAIL_CONFIG: `${this.dir}/conf` },
    });
  }

  /** Tries all it has put off. */
  async flush(): Promise<void> {
    await must("/usr/sbin/postqueue", ["-c", `${this.dir}/conf`, "-f"]);
  }

  async log(): Promise<string> {
    return await Deno.readTextFile(`${this.dir}/maillog`).catch(() => "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
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
    // inet_interfaces must be addresses that an interface has; where it listens is said in master.cf.
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
${settings}`,
    );
    await must("postmap", ["-c", `${dir}/conf`, `hash:${dir}/conf/mailboxes`]);
    await Deno.writeTextFile(
      `${dir}/conf/master.cf`,
      `${this.#address}:25 inet n - n - - smtpd\n${SERVICES}${services}`,
    );
  }
}
