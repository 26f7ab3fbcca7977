import { HTTP_BODY_TIME, HTTP_HEAD_TIME, STATUS_BODY } from "../../mod/base/limits.ts";
import { type HttpHandler, serveHttp } from "../../mod/status/serve_http.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptConn } from "../support/script_conn.ts";

function serve(handler: HttpHandler, from = "203.0.113.9") {
  const conn = new ScriptConn({ address: from, port: 4000 });
  const clock = new FakeClock();
  const stop = new AbortController();
  const faults: unknown[] = [];
  const done = serveHttp(conn, handler, { clock, stopping: stop.signal, failed: (e) => void faults.push(e) });
  return { conn, clock, stop, faults, done };
}

const echo: HttpHandler = async (request, { remoteAddress }) => {
  const { pathname, search } = new URL(request.url);
  const text = await request.text();
  return new Response(`${request.method} ${pathname}${search} ${text} ${remoteAddress}`, {
    headers: { "x-a": request.headers.get("x-a") ?? "" },
  });
};

const TWO = "POST /a/../b?c HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nContent-Length: 3\r\n\r\nxyz" +
  "\r\nGET /%2e%2e/%2E./d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

Deno.test("serveHttp() answers one request after the other, in every chunking", async () => {
  for (let size = 1; size < 12; size++) {
    const { conn, done } = serve(echo);
    conn.feed(TWO, size).end();
    await done;
    const bodies = conn.output.split("\r\n\r\n").slice(1).map((b) => b.replace(/HTTP\/1\.1[\s\S]*/, ""));
    assertEquals(bodies, ["POST /b?c xyz 203.0.113.9", "GET /d  203.0.113.9"], `in pieces of ${size}`);
    assert(
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*x-a: 1\r\n[\s\S]*connection: keep-alive\r\n/.test(conn.output),
      conn.output,
    );
    assert(conn.output.includes("connection: close") && conn.closed);
  }
});

Deno.test("serveHttp() ends the connection after what it does not understand", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["GET / HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n", "400"],
    ["GET / HTTP/1.1\nHost: h\n\n\r\n", "400"],
    [`GET /${"x".repeat(9000)} HTTP/1.1\r\nHost: h\r\n\r\n`, "431"],
    [`GET / HTTP/1.1\r\n${"A: b\r\n".repeat(200)}\r\n`, "431"],
    [`GET / HTTP/1.1\r\n${`A: ${"b".repeat(8000)}\r\n`.repeat(5)}\r\n`, "431"],
    ["GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", "400"],
    ["GET / HTTP/1.1\r\nHost: h\r\nA: b\rX: c\r\n\r\n", "400"],
    ["GET /a\r\nHost: h\r\n\r\n", "400"],
    [
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
      "411",
    ],
    ["POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \tchunked;x=y\r\n\r\n0;ext\r\n\r\n", "411"],
    ["POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "400"],
    ["POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "411"],
    [`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${STATUS_BODY + 1}\r\n\r\n`, "413"],
  ];
  for (const [sent, status] of cases) {
    let asked = 0;
    const { conn, done } = serve(() => {
      asked++;
      return new Response("");
    });
    conn.feed(sent).end();
    await done;
    assertEquals([conn.output.slice(0, 12), asked], [`HTTP/1.1 ${status}`, 0], sent.slice(0, 60));
    assertEquals(conn.output.match(/HTTP\/1/g)?.length, 1);
  }
});

Deno.test("serveHttp() cuts who drips a head or a body", async () => {
  const head = serve(echo);
  head.conn.feed("GET / HTTP/1.1\r\nHo");
  await head.clock.advance(HTTP_HEAD_TIME);
  head.conn.end();
  await head.done;
  assert(head.conn.destroyed);
  const body = serve(echo);
  body.conn.feed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
  await new Promise((done) => queueMicrotask(() => done(null)));
  await body.clock.advance(HTTP_BODY_TIME);
  body.conn.end();
  await body.done;
  assert(body.conn.destroyed && body.conn.output === "");
});

Deno.test("serveHttp() reads past a small body nobody wanted, and hangs up on a large one", async () => {
  const ignore: HttpHandler = () => new Response("no", { status: 401 });
  const small = serve(ignore);
  small.conn.feed(
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyzGET / HTTP/1.1\r\nHost: h\r\n\r\n",
  ).end();
  await small.done;
  assertEquals(small.conn.output.match(/HTTP\/1\.1 401/g)?.length, 2);
  const large = serve(ignore);
  large.conn.feed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nxyz").end();
  await large.done;
  assert(large.conn.output.includes("connection: close") && large.conn.closed);
});

Deno.test("serveHttp() asks for a body that waits to be asked for, once it is wanted", async () => {
  const { conn, done } = serve(echo);
  conn.feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  await conn.until("100 Continue\r\n\r\n");
  conn.feed("ok").end();
  await done;
  assert(conn.output.includes("POST / ok"));
  const unwanted = serve(() => new Response("", { status: 401 }));
  unwanted.conn.feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").end();
  await unwanted.done;
  assert(
    !unwanted.conn.output.includes("100 Continue") && unwanted.conn.output.includes("connection: close"),
  );
});

Deno.test("serveHttp() streams events in chunks, and as they are to HTTP/1.0", async () => {
  const events: HttpHandler = () => {
    const stream = ReadableStream.from([
      new TextEncoder().encode("data: 1\n\n"),
      new TextEncoder().encode(": 2\n\n"),
    ]);
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  };
  const { conn, done } = serve(events);
  conn.feed("GET /live HTTP/1.1\r\nHost: h\r\n\r\n");
  await conn.until("\r\n0\r\n\r\n");
  conn.end();
  await done;
  assert(conn.output.endsWith("9\r\ndata: 1\n\n\r\n5\r\n: 2\n\n\r\n0\r\n\r\n"), conn.output);
  const old = serve(events);
  old.conn.feed("GET /live HTTP/1.0\r\n\r\n");
  await old.done;
  assert(old.conn.output.endsWith("\r\n\r\ndata: 1\n\n: 2\n\n") && old.conn.closed);
});

Deno.test("serveHttp() ends a stream whose client has gone, whenever that was", async () => {
  for (const gone of ["before", "after"]) {
    let cancelled = 0;
    const stream = new ReadableStream({
      pull(controller) {
        if (gone === "after") conn.destroy();
        controller.enqueue(new Uint8Array(1));
      },
      cancel() {
        cancelled++;
      },
    }, { highWaterMark: 0 });
    const { conn, done } = serve(() => {
      if (gone === "before") conn.destroy();
      return new Response(stream, { headers: { "content-type": "text/event-stream" } });
    });
    conn.feed("GET /live HTTP/1.1\r\nHost: h\r\n\r\n");
    await done;
    assertEquals(cancelled, 1, gone);
  }
});

Deno.test("serveHttp() sends no body to HEAD, and tells of faults without their text", async () => {
  const { conn, done } = serve(() => new Response("body"));
  conn.feed("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").end();
  await done;
  assert(conn.output.endsWith("\r\n\r\n"));
  const broken = serve(() => {
    throw new Error("secret");
  });
  broken.conn.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n").end();
  await broken.done;
  assertEquals([broken.faults.length, broken.conn.destroyed, broken.conn.output], [1, true, ""]);
});

Deno.test("serveHttp() lets a stop end who waits", async () => {
  const { conn, stop, done } = serve(echo);
  stop.abort();
  conn.end();
  await done;
  assertEquals(conn.output, "");
});
