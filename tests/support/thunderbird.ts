/**
 * Debian's Thunderbird without a screen, driven from inside by Marionette, the protocol that Mozilla's programs are tested with: a length, a
 * colon and JSON, `[0, id, command, parameters]` there and `[1, id, error, result]` back.
 */
import { freePorts } from "./free_ports.ts";
import type { RoostProcess } from "./roost_process.ts";

export interface Login {
  readonly address: string;
  readonly password: string;
}

/** One Thunderbird with one account. `await using` ends it. */
export class Thunderbird implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #conn: Deno.TcpConn;
  readonly #dir: string;
  #held: Uint8Array = new Uint8Array(0);
  #id = 0;

  private constructor(child: Deno.ChildProcess, conn: Deno.TcpConn, dir: string) {
    this.#child = child;
    this.#conn = conn;
    this.#dir = dir;
  }

  /** Starts it with an empty profile that knows the account: IMAP with TLS, submission with STARTTLS. */
  static async start(roost: RoostProcess, login: Login): Promise<Thunderbird> {
    const dir = await Deno.makeTempDir({ prefix: "roost-thunderbird-" });
    const [port = 0] = freePorts(1);
    await Deno.writeTextFile(`${dir}/user.js`, preferences(roost, login, port));
    const child = new Deno.Command("thunderbird", {
      args: ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", dir],
      env: { HOME: dir, MOZ_CRASHREPORTER_DISABLE: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    try {
      // It says on standard output when it can be driven.
      await listening(child.stdout);
      const thunderbird = new Thunderbird(child, await Deno.connect({ hostname: "127.0.0.1", port }), dir);
      await thunderbird.#message(); // its greeting
      await thunderbird.#command("WebDriver:NewSession", {});
      await thunderbird.#command("Marionette:SetContext", { value: "chrome" });
      await thunderbird.#trust(roost);
      await thunderbird.#remember(login);
      return thunderbird;
    } catch (e) {
      child.kill("SIGKILL");
      await Promise.all([child.status, child.stdout.cancel().catch(() => {})]);
      await Deno.remove(dir, { recursive: true });
      throw e;
    }
  }

  /**
   * Runs a script within Thunderbird, as the body of an async function that may use what PRELUDE holds. What it returns comes back, by way
   * of JSON. Half a minute at most.
   */
  async run(script: string): Promise<unknown> {
    return await this.#script(`${PRELUDE}\n${script}`, []);
  }

  async #script(script: string, args: readonly unknown[]): Promise<unknown> {
    const result = await this.#command("WebDriver:ExecuteAsyncScript", {
      script: `const done = arguments[arguments.length - 1];
const args = [...arguments].slice(0, -1);
(async () => { ${script} })().then((value) => done({ value: value ?? null }), (e) => done({ fault: String(e) + "\\n" + (e?.stack ?? "") }));`,
      args,
      newSandbox: true,
      sandbox: "system",
    });
    const { value } = result as { value: { value?: unknown; fault?: string } };
    if (value.fault !== undefined) throw new Error(`Thunderbird: ${value.fault}`);
    return value.value;
  }

  /** The server's own authority is trusted, as by a person who installed it. */
  async #trust(roost: RoostProcess): Promise<void> {
    const pem = await Deno.readTextFile(`${roost.dir}/data/tls/ca.pem`);
    const base64 = pem.replace(/-----[A-Z ]+-----|\s/g, "");
    await this.#script(
      `Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(args[0], "C,C,C");`,
      [base64],
    );
  }

  async #remember({ address, password }: Login): Promise<void> {
    await this.#script(
      `for (const origin of ["imap://localhost", "smtp://localhost"]) {
  const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
  login.init(origin, null, origin, args[0], args[1], "", "");
  await Services.logins.addLoginAsync(login);
}`,
      [address, password],
    );
  }

  async #command(name: string, parameters: Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = ++this.#id;
    const text = new TextEncoder().encode(JSON.stringify([0, id, name, parameters]));
    await this.#write(new TextEncoder().encode(`${text.length}:`));
    await this.#write(text);
    for (;;) {
      const message = await this.#message();
      if (!Array.isArray(message) || message[1] !== id) continue;
      const [, , fault, result] = message as unknown[];
      if (fault !== null) throw new Error(`${name}: ${JSON.stringify(fault)}`);
      return result;
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  async #message(): Promise<unknown> {
    for (;;) {
      const colon = this.#held.indexOf(0x3a);
      const length = colon < 0 ? Infinity : Number(new TextDecoder().decode(this.#held.subarray(0, colon)));
      if (this.#held.length > colon + length) {
        const text = new TextDecoder().decode(this.#held.subarray(colon + 1, colon + 1 + length));
        this.#held = this.#held.slice(colon + 1 + length);
        return JSON.parse(text);
      }
      const chunk = new Uint8Array(65_536);
      const n = await this.#conn.read(chunk);
      if (n === null) throw new Error("Thunderbird hung up");
      const longer = new Uint8Array(this.#held.length + n);
      longer.set(this.#held);
      longer.set(chunk.subarray(0, n), this.#held.length);
      this.#held = longer;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#command("Marionette:Quit", { flags: ["eForceQuit"] });
    } catch {
      this.#child.kill("SIGKILL");
    }
    this.#conn.close();
    await Promise.all([this.#child.status, this.#child.stdout.cancel().catch(() => {})]);
    await Deno.remove(this.#dir, { recursive: true });
  }
}

async function listening(stdout: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stdout.getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Thunderbird ended: ${text}`);
    text += new TextDecoder().decode(value);
    if (/Marionette.*Listening on port/i.test(text)) break;
  }
  reader.releaseLock();
}

/** No question, no news, nobody else asked; the account as its assistant would write it. */
function preferences({ ports }: RoostProcess, { address }: Login, marionette: number): string {
  const values: Readonly<Record<string, string | number | boolean>> = {
    "marionette.port": marionette,
    "app.update.enabled": false,
    "app.donation.eoy.version.viewed": 999,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": true,
    "mail.provider.suppress_dialog_on_startup": true,
    "mail.spotlight.firstRunDone": true,
    "mail.winsearch.firstRunDone": true,
    "mailnews.start_page.enabled": false,
    "network.dns.disabled": false,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "mail.accountmanager.accounts": "account1",
    "mail.accountmanager.defaultaccount": "account1",
    "mail.account.account1.identities": "id1",
    "mail.account.account1.server": "server1",
    "mail.identity.id1.fullName": "Test",
    "mail.identity.id1.useremail": address,
    "mail.identity.id1.valid": true,
    "mail.identity.id1.smtpServer": "smtp1",
    "mail.server.server1.type": "imap",
    "mail.server.server1.hostname": "localhost",
    "mail.server.server1.port": ports.imaps,
    "mail.server.server1.socketType": 3,
    "mail.server.server1.authMethod": 3,
    "mail.server.server1.userName": address,
    "mail.server.server1.name": address,
    "mail.server.server1.login_at_startup": false,
    "mail.server.server1.check_new_mail": false,
    "mail.smtpservers": "smtp1",
    "mail.smtp.defaultserver": "smtp1",
    "mail.smtpserver.smtp1.hostname": "localhost",
    "mail.smtpserver.smtp1.port": ports.submission,
    "mail.smtpserver.smtp1.try_ssl": 2,
    "mail.smtpserver.smtp1.authMethod": 3,
    "mail.smtpserver.smtp1.username": address,
  };
  return Object.entries(values).map(([k, v]) => `user_pref(${JSON.stringify(k)}, ${JSON.stringify(v)});\n`)
    .join("");
}

/** What scripts find: names for the account's folders, and waiting for Thunderbird's own notices in place of time. */
const PRELUDE = `
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const root = MailServices.accounts.getAccount("account1").incomingServer.rootFolder;
const folder = (name) => root.getChildNamed(name);
const inbox = () => folder("INBOX");
const ended = (done, failed) => (status) => Components.isSuccessCode(status) ? done() : failed(new Error("status " + status));
const settled = (start) => new Promise((done, failed) => {
  const stop = ended(done, failed);
  start({
    QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
    OnStartRunningUrl() {},
    OnStopRunningUrl: (_, status) => stop(status),
  });
});
const copied = (start) => new Promise((done, failed) => {
  start({
    QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]),
    onStartCopy() {},
    onProgress() {},
    setMessageKey() {},
    getMessageId: () => null,
    onStopCopy: ended(done, failed),
  });
});
const update = (folder) => settled((l) => folder.QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, l));
const noticed = (event, start, result = () => null) => new Promise((done) => {
  const listener = {
    [event](...about) {
      MailServices.mfn.removeListener(listener);
      done(result(...about));
    },
  };
  MailServices.mfn.addListener(listener, Ci.nsIMsgFolderNotificationService[event]);
  start();
});
`;
