import { assert, assertEquals, assertMatch } from "../../../support/assert.ts";
import { roostCommand } from "../../../support/roost_process.ts";

/** A conversation in lines with a server on this machine, in the clear. */
class Lines {
  readonly #conn: Deno.TcpConn;
  #text = "";

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async open(port: number): Promise<Lines> {
    return new Lines(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends a line (if any) and gives all that comes up to a line that `last` matches. */
  async say(line: string | null, last: RegExp): Promise<string> {
    if (line !== null) await this.#conn.write(new TextEncoder().encode(`${line}\r\n`));
    const buffer = new Uint8Array(65536);
    while (!last.test(this.#text)) {
      const n = await this.#conn.read(buffer);
      assert(n !== null, `closed after: ${this.#text}`);
      this.#text += new TextDecoder().decode(buffer.subarray(0, n));
    }
    const all = this.#text;
    this.#text = "";
    return all;
  }

  close(): void {
    this.#conn.close();
  }
}

async function readOverImap(port: number, user: string, password: string): Promise<string> {
  const imap = await Lines.open(port);
  try {
    await imap.say(null, /^\* OK/m);
    await imap.say(`a LOGIN ${user} ${password}`, /^a OK/m);
    for (let i = 0; i < 100; i++) {
      const selected = await imap.say("b SELECT INBOX", /^b OK/m);
      if (/^\* 1 EXISTS/m.test(selected)) return await imap.say("c FETCH 1 BODY[]", /^c OK/m);
      await new Promise((r) => setTimeout(r, 100));
    }
    throw new Error(`nothing came for ${user}`);
  } finally {
    imap.close();
  }
}

async function send(port: number, password: string): Promise<void> {
  const smtp = await Lines.open(port);
  await smtp.say(null, /^220 /m);
  await smtp.say("EHLO client.test", /^250 /m);
  await smtp.say(`AUTH PLAIN ${btoa(`\0alice\0${password}`)}`, /^235 /m);
  await smtp.say("MAIL FROM:<alice@example.test>", /^250 /m);
  await smtp.say("RCPT TO:<bob@example.test>", /^250 /m);
  await smtp.say("RCPT TO:<someone@outside.test>", /^250 /m);
  await smtp.say("DATA", /^354 /m);
  await smtp.say("Subject: Hello\r\nFrom: alice@example.test\r\n\r\nIt works.\r\n.", /^250 /m);
  await smtp.say("QUIT", /^221 /m);
  smtp.close();
}

Deno.test("roost demo sends to a user here and to the outside, twice in the same folder, and ends on Ctrl-C", async () => {
  const dir = await Deno.makeTempDir();
  // Below the ports that the system gives to outgoing connections (32,768 and up): those come and go.
  const base = 11_000 + (Deno.pid % 1900) * 10;
  try {
    for (const round of [1, 2]) {
      const { command, args } = roostCommand("demo", "--dir", dir, "--port-base", `${base}`);
      const demo = new Deno.Command(command, {
        args,
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const reader = demo.stdout.pipeThrough(new TextDecoderStream()).getReader();
      let printed = "";
      while (!printed.includes("Look at ") && !/Look.* at /.test(printed)) {
        const { value, done } = await reader.read();
        assert(!done, `the demo ended: ${printed}`);
        printed += value;
      }
      const password = /password of all: (\S+)/.exec(printed)?.[1] ?? "";
      assertMatch(password, /^(\w{4}-){4}\w{4}$/);
      if (round === 1) {
        await send(base + 587, password);
        assertMatch(await readOverImap(base + 143, "bob", password), /It works\./);
        assertMatch(
          await readOverImap(base + 144, "someone", password),
          /Received: from mail\.example\.test[\s\S]*It works\./,
        );
      } else {
        assertMatch(
          await readOverImap(base + 143, "bob", password),
          /It works\./,
          "still there after a restart",
        );
      }
      demo.kill("SIGINT");
      assertEquals((await demo.status).code, 0);
      await reader.cancel();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
