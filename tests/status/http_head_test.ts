import fc from "fast-check";
import { parseHead } from "../../mod/status/http_head.ts";
import { assert, assertEquals } from "../support/assert.ts";

const HOST = "Host: a.test";

const TABLE: readonly (readonly [line: string, fields: readonly string[], answer: number])[] = [
  ["GET / HTTP/1.1", [HOST], 200],
  ["GET / HTTP/1.0", [], 200],
  ["GET /a?b=%20 HTTP/1.1", ["host:[::1]:80"], 200],
  ["POST / HTTP/1.1", [HOST, "Content-Length: 5"], 200],
  ["GET / HTTP/1.1", [], 400],
  ["GET / HTTP/1.1", [HOST, HOST], 400],
  ["GET / HTTP/1.1", ["Host: a b"], 400],
  ["GET / HTTP/1.1", ["Host: a@b"], 400],
  ["GET / HTTP/1.1", ["Host: a/b"], 400],
  ["GET / HTTP/1.1", ["Host:"], 400],
  ["GET /\u00e4 HTTP/1.1", [HOST], 400],
  ["GET http://b.test/ HTTP/1.1", [HOST], 400],
  ["GET * HTTP/1.1", [HOST], 400],
  ["GET  / HTTP/1.1", [HOST], 400],
  ["GET / HTTP/1.1 ", [HOST], 400],
  ["GET /", [HOST], 400],
  ["GET / HTTP/2.0", [HOST], 505],
  ["TRACE / HTTP/1.1", [HOST], 501],
  ["CONNECT a:1 HTTP/1.1", [HOST], 501],
  ["get / HTTP/1.1", [HOST], 501],
  ["G(T / HTTP/1.1", [HOST], 400],
  ["", [HOST], 400],
  ["GET / HTTP/1.1", [HOST, "X : y"], 400],
  ["GET / HTTP/1.1", [HOST, " folded"], 400],
  ["GET / HTTP/1.1", [HOST, "none"], 400],
  ["GET / HTTP/1.1", [HOST, ": x"], 400],
  ["GET / HTTP/1.1", [HOST, "X: a\0b"], 400],
  ["POST / HTTP/1.1", [HOST, "Content-Length: 5", "Content-Length: 5"], 400],
  ["POST / HTTP/1.1", [HOST, "Content-Length: 5, 5"], 400],
  ["POST / HTTP/1.1", [HOST, "Content-Length: +5"], 400],
  ["POST / HTTP/1.1", [HOST, "Content-Length: -1"], 400],
  ["POST / HTTP/1.1", [HOST, "Content-Length: 0x5"], 400],
  ["POST / HTTP/1.1", [HOST, "Content-Length: 101"], 413],
  ["POST / HTTP/1.1", [HOST, "Transfer-Encoding: chunked"], 411],
  ["POST / HTTP/1.1", [HOST, "Transfer-Encoding: identity", "Content-Length: 5"], 411],
  ["POST / HTTP/1.1", [HOST, "Expect: 100-Continue"], 200],
  ["POST / HTTP/1.1", [HOST, "Expect: more"], 417],
];

Deno.test("parseHead() takes what is clear, and refuses what others read otherwise", () => {
  for (const [line, fields, answer] of TABLE) {
    const head = parseHead(line, fields, 100);
    assertEquals(head.ok ? 200 : head.error, answer, `${line} ${fields}`);
  }
});

Deno.test("parseHead() tells whether the connection goes on", () => {
  const goesOn = (line: string, ...fields: string[]) => {
    const head = parseHead(line, [HOST, ...fields], 100);
    return head.ok && head.value.keepAlive;
  };
  assert(goesOn("GET / HTTP/1.1") && goesOn("GET / HTTP/1.0", "Connection: Keep-Alive"));
  assert(!goesOn("GET / HTTP/1.0") && !goesOn("GET / HTTP/1.1", "Connection: x, Close"));
});

Deno.test("parseHead() never throws, and what it takes begins with a slash", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.array(fc.string()), (line, fields) => {
    const head = parseHead(line, fields, 100);
    assert(!head.ok || head.value.target.startsWith("/"));
  }));
});
