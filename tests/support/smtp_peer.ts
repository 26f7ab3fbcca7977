import { fromUtf8 } from "../../mod/base/bytes.ts";
import type { Connector } from "../../mod/outbound/connector.ts";
import { type Conn, ConnectionLost, type TlsVerify } from "../../mod/wire/conn.ts";
import { ScriptConn } from "./script_conn.ts";

/** What the peer does instead of a reply. */
export type PeerAct = "!close" | "!reset" | "!silence";

/** How a peer differs from a friendly one. Keys are what a command begins with ("RCPT TO:<bob", "." is the end of data). */
export interface PeerManners {
  /** Without CRLF. */
  readonly greeting?: string | PeerAct;
  /** Keywords of EHLO. */
  readonly offers?: readonly string[];
  /** Replies without CRLF, several for several times (the last stays). The longest key that fits counts. */
  readonly on?: Readonly<Record<string, string | readonly string[]>>;
  readonly tlsFails?: boolean;
  /** What the platform's authorities say of its certificate; nothing unless given. */
  readonly certificateFault?: string | null;
  /** Certificates it shows, for whoever checks them. */
  readonly chain?: readonly Uint8Array[];
  /** The connection breaks when this many octets of a message were written. */
  readonly breaksInBody?: number;
  /** Said, by whoever breaks in the body, before. */
  readonly lastWords?: string;
}

/** An SMTP or LMTP server without a socket: friendly where its manners do not say otherwise. */
export class SmtpPeer extends ScriptConn {
  /** Every command line. */
  readonly commands: string[] = [];
  /** Every message, as it went over the wire, the final dot included; of chunks the octets alone. */
  readonly messages: string[] = [];
  /** Sizes of all chunks of BDAT. */
  readonly chunks: number[] = [];
  /** How many writes the commands came in. */
  writes = 0;
  /** `verify` of the handshake. */
  verify: TlsVerify | null = null;
  readonly #manners: PeerManners;
  readonly #used = new Map<string, number>();
  /** One character an octet. */
  #input = "";
  #inData = false;
  #chunk: { readonly size: number; readonly last: boolean; readonly reply: string } | null = null;
  #chunked = "";
  #accepted = 0;
  /** MAIL was taken, or not asked for yet. */
  #sender = true;
  #lmtp = false;
  #lost = false;
  /** It does not listen any more. */
  #gone = false;

  constructor(manners: PeerManners = {}) {
    super({ address: "192.0.2.1", port: 25 });
    this.#manners = manners;
    const greeting = manners.greeting ?? "220 peer ESMTP";
    // Implicit TLS comes before the greeting: it is sent when the client asks for it or writes nothing.
    this.#act(greeting);
  }

  override async write(bytes: Uint8Array): Promise<void> {
    if (this.#lost) throw new ConnectionLost("reset");
    await super.write(bytes);
    this.writes++;
    this.#input += octets(bytes);
    if (
      (this.#inData || this.#chunk) &&
      this.#chunked.length + this.#input.length > (this.#manners.breaksInBody ?? Infinity)
    ) {
      this.#lost = true;
      if (this.#manners.lastWords) this.feed(`${this.#manners.lastWords}\r\n`);
      else this.destroy();
      throw new ConnectionLost("reset");
    }
    while (this.#step());
  }

  override async startTls(
    announce: Uint8Array | null,
    verify?: TlsVerify,
  ): Promise<void> {
    this.verify = verify ?? null;
    if (this.#manners.tlsFails) {
      this.destroy();
      throw new ConnectionLost("tls", "no shared cipher");
    }
    const fault = verify?.check?.(this.#manners.chain ?? []) ?? null;
    if (fault !== null) {
      this.destroy();
      throw new ConnectionLost("tls", fault);
    }
    await super.startTls(announce);
    const { certificateFault } = this.#manners;
    if (this.tls && certificateFault !== undefined) this.tls = { ...this.tls, certificateFault };
  }

  /** Handles one command or message; whether there was one. */
  #step(): boolean {
    if (this.#gone) return false;
    if (this.#inData) {
      const end = this.#input.startsWith(".\r\n") ? 0 : this.#input.indexOf("\r\n.\r\n") + 2;
      if (end === 1) return false;
      this.#inData = false;
      this.#takeMessage(this.#take(end + 3));
      return true;
    }
    if (this.#chunk) return this.#takeChunk(this.#chunk);
    const end = this.#input.indexOf("\r\n");
    if (end < 0) return false;
    const line = text(this.#take(end + 2)).slice(0, -2);
    this.commands.push(line);
    const reply = this.#replyTo(line) ?? this.#friendly(line);
    const [, size, last] = /^BDAT (\d+)( LAST)?$/.exec(line) ?? [];
    // Whoever does not know BDAT takes what follows for commands.
    if (size !== undefined && !/^50[02](?! 5\.[^5])/.test(reply)) {
      this.#chunk = { size: Number(size), last: last !== undefined, reply };
      return true;
    }
    if (line === "DATA" && reply.startsWith("354")) this.#inData = true;
    if (line.startsWith("LHLO")) this.#lmtp = true;
    if (line.startsWith("MAIL")) this.#sender = reply.startsWith("2");
    if (line.startsWith("RCPT") && reply.startsWith("25")) this.#accepted++;
    this.#act(reply);
    return true;
  }

  #take(count: number): string {
    const taken = this.#input.slice(0, count);
    this.#input = this.#input.slice(count);
    return taken;
  }

  #takeMessage(message: string): void {
    this.messages.push(text(message));
    const verdicts = this.#lmtp ? this.#accepted : 1;
    for (let i = 0; i < verdicts; i++) this.#act(this.#replyTo(".") ?? "250 2.0.0 Taken");
    this.#accepted = 0;
  }

  #takeChunk({ size, last, reply }: { size: number; last: boolean; reply: string }): boolean {
    if (this.#input.length < size) return false;
    this.#chunk = null;
    this.chunks.push(size);
    const octets = this.#take(size);
    if (this.#accepted === 0) this.#act("503 5.5.1 Nobody to bring it to");
    else if (!reply.startsWith("2")) {
      this.#accepted = 0;
      this.#act(reply);
    } else {
      this.#chunked += octets;
      if (!last) this.#act(reply);
      else {
        this.#takeMessage(this.#chunked);
        this.#chunked = "";
      }
    }
    return true;
  }

  #replyTo(line: string): string | null {
    const on = this.#manners.on ?? {};
    const keys = Object.keys(on).filter((k) => k === "." ? line === "." : line.startsWith(k));
    const key = keys.sort((a, b) => b.length - a.length)[0];
    const replies = key === undefined ? undefined : on[key];
    if (key === undefined || replies === undefined) return null;
    if (typeof replies === "string") return replies;
    const n = this.#used.get(key) ?? 0;
    this.#used.set(key, n + 1);
    return replies[Math.min(n, replies.length - 1)] ?? null;
  }

  #friendly(line: string): string {
    const verb = line.split(" ")[0] ?? "";
    if (verb === "EHLO" || verb === "LHLO") {
      const all = ["peer", ...this.#manners.offers ?? []];
      return all.map((k, i) => `250${i < all.length - 1 ? "-" : " "}${k}`).join("\r\n");
    }
    if (verb === "RCPT" && !this.#sender) return "503 5.5.1 No MAIL";
    const usual: Readonly<Record<string, string>> = {
      MAIL: "250 2.1.0 Sender fine",
      RCPT: "250 2.1.5 Recipient fine",
      DATA: "354 Go on",
      STARTTLS: "220 Go ahead",
      AUTH: "235 2.7.0 Welcome",
      QUIT: "221 Bye",
    };
    return usual[verb] ?? "250 OK";
  }

  #act(reply: string): void {
    if (reply === "!silence") return;
    this.#gone = /^(!|421|221)/.test(reply);
    if (!reply.startsWith("!")) this.feed(`${reply}\r\n`);
    if (reply === "!reset") this.destroy();
    else if (this.#gone) this.end();
  }
}

function octets(bytes: Uint8Array): string {
  let all = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    all += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return all;
}

function text(octets: string): string {
  return fromUtf8(Uint8Array.from(octets, (c) => c.charCodeAt(0)));
}

/** A connector to peers by address; an address without one, or with none left, refuses. */
export class FakeConnector implements Connector {
  /** "address:port" of every attempt. */
  readonly calls: string[] = [];
  readonly #peers: Map<string, Conn[]>;

  constructor(peers: Readonly<Record<string, readonly Conn[]>>) {
    this.#peers = new Map(Object.entries(peers).map(([address, conns]) => [address, [...conns]]));
  }

  connect(address: string, port: number): Promise<Conn> {
    this.calls.push(`${address}:${port}`);
    const conn = this.#peers.get(address)?.shift();
    return conn ? Promise.resolve(conn) : Promise.reject(new ConnectionLost("reset", "connection refused"));
  }
}
