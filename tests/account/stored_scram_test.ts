import { makeScram, parseScram, scramSalt, withScram } from "../../mod/account/stored_scram.ts";
import { assert, assertEquals } from "../support/assert.ts";

const SALT = new Uint8Array(16).fill(3);

Deno.test("parseScram() reads what makeScram() writes, for the same password hash and no other", async () => {
  const text = await makeScram("pencil", "$scrypt$a", SALT);
  assert(/^\$scram\$i=\d+(\$[A-Za-z0-9+/]+){6}$/.test(text), text);
  const stored = parseScram(text, "$scrypt$a");
  assert(stored);
  assertEquals([...stored.salt], [...SALT]);
  assertEquals(stored.keys["SHA-256"].storedKey.length, 32);
  assertEquals(stored.keys["SHA-1"].serverKey.length, 20);
  assertEquals(parseScram(text, "$scrypt$b"), null, "the password was changed by other means");
  const broken = [
    "",
    "$scram$",
    text.slice(0, -1),
    `${text}A`,

    text.replace(/i=\d+/, "i=4095"),
  ];
  broken.push(text.replace("$scram$", "$scram2$"), text.split("$").slice(0, -1).join("$"), `${text}$AAAA`);
  broken.push(text.replace(/i=\d+/, "i=99999999"));
  for (const b of broken) assertEquals(parseScram(b, "$scrypt$a"), null, b);
});

Deno.test("scramSalt() is stable, and another for each name and secret", () => {
  const hex = (secret: number, id: string) => scramSalt(new Uint8Array(32).fill(secret), id).toHex();
  assertEquals(hex(1, "a@x"), hex(1, "a@x"));
  assertEquals(new Set([hex(1, "a@x"), hex(1, "b@x"), hex(2, "a@x")]).size, 3);
  assertEquals(hex(1, "a@x").length, 32);
});

Deno.test("withScram() puts keys beside the hash they belong to", () => {
  const app = { name: "phone", hash: "$app$1", created: "2026-01-01T00:00:00Z" };
  const account = {
    id: "a@x",
    password: "$scrypt$1",
    appPasswords: [app],
    disabled: false,
    quota: null,
    created: "",
  };
  assertEquals(withScram(account, "$scrypt$1", "K"), { ...account, scram: "K" });
  assertEquals(withScram(account, "$app$1", "K"), { ...account, appPasswords: [{ ...app, scram: "K" }] });
  assertEquals(withScram(account, "$app$2", "K"), null);
});
