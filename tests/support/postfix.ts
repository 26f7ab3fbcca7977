/** A private Postfix: own configuration, queue and mailboxes below one folder. Needs root and Debian's package. */
import { must, run } from "./programs.ts";

export interface PostfixOptions {
  /** Where it listens; mail exchangers want port 25. */
  readonly address: string;
  readonly port: number;
  /** Domains it takes mail for, into DIR/mail/ADDRESS/. */
  readonly domain: string;
  readonly users: readonly string[];
  /** Where all other mail goes, as "[host]:port". */
  readonly relay: string;
  /** PEM files for STARTTLS. */
  readonly cert: string;
  readonly key: string;
  /** Further lines of main.cf. */
  readonly extra?: string;
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

export class Postfix implements AsyncDisposable {
  readonly dir: string;
  readonly #child: Deno.ChildProcess;

  private constructor(dir: string, child: Deno.ChildProcess) {
    this.dir = dir;
    this.#child = child;
  }

  /** Starts it; `dir` must be readable for everybody. */
  static async start(dir: string, options: PostfixOptions): Promise<Postfix> {
    for (const d of ["data", "spool/pid", "mail", "conf"]) {
      await Deno.mkdir(`${dir}/${d}`, { recursive: true });
    }
    for (const q of QUEUES) await Deno.mkdir(`${dir}/spool/${q}`, { recursive: true, mode: 0o700 });
    await must("chown", ["postfix:postdrop", `${dir}/data`, ...QUEUES.map((q) => `${dir}/spool/${q}`)]);
    const uid = (await must("id", ["-u", "mail"])).trim();
    await must("chown", ["mail:mail", `${dir}/mail`]);
    const map = options.users.map((u) => `${u}@${options.domain} ${u}/\n`).join("");
    await Deno.writeTextFile(`${dir}/conf/mailboxes`, map);
    await Deno.writeTextFile(
      `${dir}/conf/main.cf`,
      `compatibility_level = 3.6
queue_directory = ${dir}/spool
data_directory = ${dir}/data
maillog_file = ${dir}/maillog
maillog_file_prefixes = /
inet_interfaces = ${options.address}
inet_protocols = ipv4
myhostname = mail.${options.domain}
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = ${options.domain}
virtual_mailbox_base = ${dir}/mail
virtual_mailbox_maps = hash:${dir}/conf/mailboxes
virtual_uid_maps = static:${uid}
virtual_gid_maps = static:${uid}
virtual_minimum_uid = 1
message_size_limit = 52428800
smtputf8_enable = yes
relayhost = ${options.relay}
smtp_tls_security_level = may
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${options.cert}
smtpd_tls_key_file = ${options.key}
smtpd_tls_received_header = yes
disable_dns_lookups = yes
minimal_backoff_time = 5s
queue_run_delay = 5s
${options.extra ?? ""}
`,
    );
    await must("postmap", ["-c", `${dir}/conf`, `hash:${dir}/conf/mailboxes`]);
    await Deno.writeTextFile(
      `${dir}/conf/master.cf`,
      `${options.address}:${options.port} inet n - n - - smtpd\n${SERVICES}`,
    );
    const child = new Deno.Command("/usr/lib/postfix/sbin/master", {
      args: ["-c", `${dir}/conf`, "-d"],
      env: { MAIL_CONFIG: `${dir}/conf` },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new Postfix(dir, child);
  }

  /** Messages delivered to a user, as text, in no order. */
  async mail(user: string): Promise<string[]> {
    try {
      const found: string[] = [];
      for await (const e of Deno.readDir(`${this.dir}/mail/${user}/new`)) {
        found.push(await Deno.readTextFile(`${this.dir}/mail/${user}/new/${e.name}`));
      }
      return found;
    } catch (e) {
      if (e instanceof Deno.errors.NotFound) return [];
      throw e;
    }
  }

  /** Hands it a message as a local program would, with its own sendmail command. */
  async send(from: string, to: string, message: string): Promise<void> {
    await must("/usr/sbin/sendmail", ["-C", `${this.dir}/conf`, "-i", "-f", from, to], {
      stdin: message,
      env: { MAIL_CONFIG: `${this.dir}/conf` },
    });
  }

  async log(): Promise<string> {
    return await Deno.readTextFile(`${this.dir}/maillog`).catch(() => "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It ended by itself; what it could not do is in its log.
    }
    await this.#child.status;
    await run("rm", ["-rf", this.dir]);
  }
}
