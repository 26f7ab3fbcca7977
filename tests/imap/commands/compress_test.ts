import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { concat, fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { serveImap } from "../../../mod/imap/serve.ts";
import { Deflate } from "../../../mod/sys/deflate.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { settle } from "../../support/fake_clock.ts";
import { imapServer } from "../../support/imap_server.ts";
import { ScriptConn } from "../../support/script_conn.ts";

const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };

function start() {
  const { ports } = imapServer();
  const conn = new ScriptConn({ address: "127.0.0.1", port: 4000 });
  const done = serveImap(conn, { ...ports, compression: () => Promise.resolve(new Deflate()) });
  return { conn, done };
}

Deno.test("COMPRESS DEFLATE compresses all after its reply, both ways", async () => {
  const { conn, done } = start();
  conn.feed("a LOGIN alice secret\r\n");
  assert((await conn.until("a OK")).includes(" COMPRESS=DEFLATE"));
  conn.feed("b COMPRESS LZW\r\n");
  await conn.until("b BAD");
  conn.feed("c COMPRESS DEFLATE\r\n");
  await conn.until("c OK");
  await settle();
  conn.written.length = 0;
  const said = "d CAPABILITY\r\ne COMPRESS DEFLATE\r\nf APPEND INBOX {5}\r\n12345\r\ng LOGOUT\r\n";
  conn.feed(deflateRawSync(utf8(said), SYNC), 9);
  await done;
  const text = fromUtf8(inflateRawSync(concat(conn.written), SYNC));
  assert(!text.includes("COMPRESS=DEFLATE"));
  assertMatch(
    text,
    /d OK .*\r\ne NO \[COMPRESSIONACTIVE\] .*\r\n\+ OK\r\nf OK .*\r\n\* BYE .*\r\ng OK .*\r\n$/,
  );
});

Deno.test("COMPRESS ends the connection where octets came too early, or are broken", async () => {
  const early = start();
  early.conn.feed("a LOGIN alice secret\r\nb COMPRESS DEFLATE\r\nc NOOP\r\n");
  await early.done;
  assertMatch(early.conn.output, /b OK .*\r\n\* BYE .*\r\n$/);
  const broken = start();
  broken.conn.feed("a LOGIN alice secret\r\n");
  await broken.conn.until("a OK");
  broken.conn.feed("b COMPRESS DEFLATE\r\n");
  await broken.conn.until("b OK");
  await settle();
  broken.conn.feed(Uint8Array.of(255, 255, 255, 255));
  await broken.done;
  assert(broken.conn.destroyed);
});

Deno.test("COMPRESS is not taken where it is not offered", async () => {
  const { conn, done } = imapServer().connect();
  conn.feed("a LOGIN alice secret\r\nb COMPRESS DEFLATE\r\nc LOGOUT\r\n");
  await done;
  assert(conn.output.includes("b BAD") && !conn.output.includes("COMPRESS="));
  assertEquals(conn.closed, true);
});
