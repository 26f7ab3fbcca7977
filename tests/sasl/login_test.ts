import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { LoginMechanism } from "../../mod/sasl/login.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("LoginMechanism asks for the name, then for the password", () => {
  const m = new LoginMechanism();
  const first = m.start(null);
  assert(first.kind === "challenge");
  assertEquals(fromUtf8(first.bytes), "Username:");
  const second = m.answer(utf8("ann@example.test"));
  assert(second.kind === "challenge");
  assertEquals(fromUtf8(second.bytes), "Password:");
  assertEquals(m.answer(utf8("secret")), {
    kind: "credentials",
    login: "ann@example.test",
    password: "secret",
    authzid: "",
  });
});

Deno.test("LoginMechanism takes the name as the initial response; an empty one is none", () => {
  const m = new LoginMechanism();
  assertEquals(m.start(utf8("ann")), { kind: "challenge", bytes: utf8("Password:") });
  assertEquals(m.answer(utf8("x")).kind, "credentials");
  assertEquals(new LoginMechanism().start(new Uint8Array(0)), {
    kind: "challenge",
    bytes: utf8("Username:"),
  });
});

Deno.test("LoginMechanism refuses empty, NUL and broken text", () => {
  for (const bad of [utf8(""), utf8("a\0b"), new Uint8Array([0xff])]) {
    const m = new LoginMechanism();
    m.start(null);
    assertEquals(m.answer(bad).kind, "malformed");
    const n = new LoginMechanism();
    n.start(utf8("ann"));
    assertEquals(n.answer(bad).kind, "malformed");
  }
});
