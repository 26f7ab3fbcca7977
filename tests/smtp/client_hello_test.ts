import { NO_EXTENSIONS, parseExtensions } from "../../mod/smtp/client_hello.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("parseExtensions() reads what it knows, in any case", () => {
  const lines = [
    "mx.example greets you",
    "STARTTLS",
    "pipelining",
    "SIZE 1000",
    "8BITMIME",
    "AUTH plain LOGIN",
    "AUTH=X",
    "DSN",
    "SmtpUtf8",
    "requiretls",
    "MT-PRIORITY MIXER",
    "chunking",
    "deliverby 120,later=1",
    "X Y",
  ];
  assertEquals(parseExtensions({ code: 250, status: null, lines }), {
    startTls: true,
    pipelining: true,
    chunking: true,
    eightBit: true,
    smtpUtf8: true,
    dsn: true,
    requireTls: true,
    priority: true,
    deliverBy: 120,
    size: true,
    maxSize: 1000,
    auth: ["PLAIN", "LOGIN"],
  });
});

Deno.test("parseExtensions() does not take the greeting for a keyword", () => {
  assertEquals(parseExtensions({ code: 250, status: null, lines: ["STARTTLS"] }), NO_EXTENSIONS);
});

Deno.test("parseExtensions() knows no limit where SIZE has none or nonsense", () => {
  for (const size of ["SIZE", "SIZE 0", "SIZE x", "SIZE -1", "SIZE 99999999999999999999"]) {
    const { size: offered, maxSize } = parseExtensions({ code: 250, status: null, lines: ["hi", size] });
    assertEquals([offered, maxSize], [true, null], size);
  }
});

Deno.test("parseExtensions() reads the least time of DELIVERBY", () => {
  const table = [["DELIVERBY", 0], ["DELIVERBY 30", 30], ["DELIVERBY x", 0], [
    "DELIVERBY 1234567890",
    0,
  ]] as const;
  for (const [line, want] of table) {
    assertEquals(parseExtensions({ code: 250, status: null, lines: ["hi", line] }).deliverBy, want, line);
  }
});
