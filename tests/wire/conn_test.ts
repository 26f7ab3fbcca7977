import { ConnectionLost } from "../../mod/wire/conn.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("ConnectionLost tells why", () => {
  assertEquals(new ConnectionLost("timeout").message, "Connection lost: timeout");
  assertEquals(
    new ConnectionLost("tls", "bad certificate").message,
    "Connection lost: tls (bad certificate)",
  );
});
