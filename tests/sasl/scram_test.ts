import fc from "fast-check";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import type { SaslStep } from "../../mod/sasl/mechanism.ts";
import { type ScramFacts, ScramMechanism } from "../../mod/sasl/scram.ts";
import { deriveScramKeys, type ScramHash, type ScramSecrets } from "../../mod/sasl/scram_keys.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ScramClient, type ScramClientOptions } from "../support/scram_client.ts";

const SALT = Uint8Array.fromBase64("W22ZaJ0SNY7soEsUEjb6gQ==");
const END_POINT = new Uint8Array(32).fill(7);
const FACTS: ScramFacts = {
  hash: "SHA-256",
  plus: false,
  endPoint: null,
  plusOffered: false,
  nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
};

async function secretsOf(password: string, hash: ScramHash = "SHA-256", salt = SALT): Promise<ScramSecrets> {
  return { salt, iterations: 4096, keys: [await deriveScramKeys(password, salt, 4096, hash)] };
}

const PENCIL = await secretsOf("pencil");
const CLIENT = { user: "user", password: "pencil" };

/** Goes on to the server-first-message with these secrets. */
function resumed(step: SaslStep, secrets: ScramSecrets = PENCIL): string {
  assert(step.kind === "keys", JSON.stringify(step));
  const next = step.resume(secrets);
  assert(next.kind === "challenge");
  return fromUtf8(next.bytes);
}

/** A whole exchange; the step that ended it. `tamper` may change the client's last message. */
async function exchange(
  facts: Partial<ScramFacts>,
  client: Partial<ScramClientOptions>,
  secrets = PENCIL,
  tamper = (final: string) => final,
): Promise<SaslStep> {
  const m = new ScramMechanism({ ...FACTS, ...facts });
  const c = new ScramClient({ ...CLIENT, ...client });
  const first = m.start(utf8(c.first));
  if (first.kind !== "keys") return first;
  const last = m.answer(utf8(tamper(await c.final(resumed(first, secrets)))));
  if (last.kind !== "challenge") return last;
  assert(c.accepts(fromUtf8(last.bytes)), "the server proves itself");
  return m.answer(new Uint8Array(0));
}

Deno.test("ScramMechanism holds the conversation of RFC 7677 3", () => {
  const m = new ScramMechanism(FACTS);
  assertEquals(m.start(null), { kind: "challenge", bytes: new Uint8Array(0) });
  const first = m.answer(utf8("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
  assert(first.kind === "keys" && first.login === "user" && first.hash === "SHA-256");
  assertEquals(
    resumed(first),
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  );
  const last = m.answer(utf8(
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  ));
  assert(last.kind === "challenge");
  assertEquals(fromUtf8(last.bytes), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  assertEquals(m.answer(new Uint8Array(0)), { kind: "granted", login: "user" });
});

Deno.test("ScramMechanism holds the conversation of RFC 5802 5", async () => {
  const m = new ScramMechanism({ ...FACTS, hash: "SHA-1", nonce: "3rfcNHYJY1ZVvWVs7j" });
  const secrets = await secretsOf("pencil", "SHA-1", Uint8Array.fromBase64("QSXCR+Q6sek8bf92"));
  assertEquals(
    resumed(m.start(utf8("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")), secrets),
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
  );
  const last = m.answer(
    utf8("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="),
  );
  assert(last.kind === "challenge");
  assertEquals(fromUtf8(last.bytes), "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
});

Deno.test("ScramMechanism binds to the channel, and notices who took -PLUS out of the list", async () => {
  const p = "p=tls-server-end-point,,";
  const other = new Uint8Array(32).fill(8);
  const plus = { plus: true, endPoint: END_POINT, plusOffered: true };
  const offered = { endPoint: END_POINT, plusOffered: true };
  const table: [string, Partial<ScramFacts>, Partial<ScramClientOptions>, SaslStep["kind"]][] = [
    ["bound", plus, { gs2: p, binding: END_POINT }, "granted"],
    ["bound to another certificate: a man in the middle", plus, { gs2: p, binding: other }, "unproved"],
    ["bound to nothing", plus, { gs2: p }, "unproved"],
    ["-PLUS without binding", plus, { gs2: "n,," }, "malformed"],
    ["-PLUS with y", plus, { gs2: "y,," }, "malformed"],
    ["another binding", plus, { gs2: "p=tls-unique,,", binding: END_POINT }, "malformed"],
    ["binding without -PLUS", offered, { gs2: p, binding: END_POINT }, "malformed"],
    ["a client that cannot bind", offered, { gs2: "n,," }, "granted"],
    ["a client that was told we cannot", offered, { gs2: "y,," }, "refused"],
    ["we really cannot", {}, { gs2: "y,," }, "granted"],
  ];
  for (const [name, facts, client, kind] of table) {
    assertEquals((await exchange(facts, client)).kind as string, kind, name);
  }
  const changed = await exchange({}, {}, PENCIL, (f) => f.replace("c=biws", "c=eSws"));
  assertEquals(changed.kind, "unproved", "flag changed after the fact");
});

Deno.test("ScramMechanism tries every password of the account, and none where there are none", async () => {
  const two = { ...PENCIL, keys: [...(await secretsOf("other")).keys, ...PENCIL.keys] };
  assertEquals((await exchange({}, {}, two)).kind, "granted");
  assertEquals((await exchange({}, { password: "other" }, two)).kind, "granted");
  assertEquals((await exchange({}, { password: "third" }, two)).kind, "unproved");
  assertEquals((await exchange({}, {}, { ...PENCIL, keys: [] })).kind, "unproved");
});

Deno.test("ScramMechanism reads names with commas, and refuses to act for others", async () => {
  assertEquals(await exchange({}, { user: "a,b=c@x" }), { kind: "granted", login: "a,b=c@x" });
  assertEquals(await exchange({}, { user: "u\u0308" }), { kind: "granted", login: "\u00fc" });
  assertEquals((await exchange({}, { gs2: "n,a=user," })).kind, "granted");
  assertEquals((await exchange({}, { gs2: "n,a=root," })).kind, "refused");
});

Deno.test("ScramMechanism finds every malformed first message", () => {
  const table = [
    "",
    "n",
    "n,",
    "n,,",
    "n,,n=user",
    "n,,r=abc",
    "n,,n=,r=abc",
    "n,,n=user,r=",
    "n,,r=abc,n=user",
    "x,,n=user,r=abc",
    "N,,n=user,r=abc",
    "n,user,n=user,r=abc",
    "n,a=,n=user,r=abc",
    "n,a=us=er,n=user,r=abc",
    "p=,,n=user,r=abc",
    "n,,m=ext,n=user,r=abc",
    "n,,n=user,r=abc,m=ext",
    "n,,n=us=er,r=abc",
    "n,,n=us=2cer,r=abc",
    "n,,n=user,r=a\u00e4c",
    "n,,n=user,r=a c",
    "n,,n=user\0,r=abc",
    "n,,n=\u0007,r=abc",
    "n,,n=\u00ad,r=abc",
    "n,,n=user,r=abc\r\n",
    `n,,n=user,r=${"a".repeat(1025)}`,
  ];
  for (const text of table) {
    assertEquals(new ScramMechanism(FACTS).start(utf8(text)).kind, "malformed", JSON.stringify(text));
  }
  assertEquals(new ScramMechanism(FACTS).start(new Uint8Array([0x6e, 0x2c, 0xff])).kind, "malformed");
  assertEquals(new ScramMechanism(FACTS).start(utf8("n,,n=user,r=abc,x=later")).kind, "keys");
});

Deno.test("ScramMechanism finds every malformed or replayed last message", async () => {
  const edits: [string, (f: string) => string, SaslStep["kind"]][] = [
    ["nothing", () => "", "malformed"],
    ["the first again", () => "n,,n=user,r=rOprNGfwEbeRWgbNEkqO", "malformed"],
    ["no proof", (f) => f.replace(/,p=.*/, ""), "malformed"],
    ["empty proof", (f) => f.replace(/,p=.*/, ",p="), "malformed"],
    ["short proof", (f) => f.replace(/,p=.*/, ",p=AAAA"), "malformed"],
    ["a proof of SHA-1", (f) => f.replace(/,p=.*/, ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="), "malformed"],
    ["proof not last", (f) => `${f},x=y`, "malformed"],
    ["proof first", (f) => f.replace(/^(.*),(p=.*)$/, "$2,$1"), "malformed"],
    ["broken base64", (f) => f.replace(/=$/, ""), "malformed"],
    ["broken binding", (f) => f.replace("c=biws", "c=b"), "malformed"],
    ["no binding", (f) => f.replace("c=biws,", ""), "malformed"],
    ["mandatory extension", (f) => f.replace(",p=", ",m=x,p="), "malformed"],
    ["an error of the client's", () => "e=other-error", "malformed"],
    ["only the client's nonce", (f) => f.replace(FACTS.nonce, ""), "unproved"],
    ["another nonce", (f) => f.replace(FACTS.nonce, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k1"), "unproved"],
    ["an extension put in later", (f) => f.replace(",p=", ",x=y,p="), "unproved"],
    ["a zero proof", (f) => f.replace(/,p=.*/, `,p=${new Uint8Array(32).toBase64()}`), "unproved"],
  ];
  for (const [name, edit, kind] of edits) {
    assertEquals((await exchange({}, {}, PENCIL, edit)).kind as string, kind, name);
  }
  const twists = [(n: string) => `${n}x`, (n: string) => n.slice(0, -1), () => "rOprNGfwEbeRWgbNEkqO"];
  for (const twist of twists) {
    assertEquals((await exchange({}, { twist })).kind, "unproved", "a nonce of its own, rightly signed");
  }
  // A recorded exchange is worth nothing to a server with another nonce.
  const c = new ScramClient(CLIENT);
  const one = new ScramMechanism(FACTS);
  const recorded = await c.final(resumed(one.start(utf8(c.first))));
  const two = new ScramMechanism({ ...FACTS, nonce: "different" });
  resumed(two.start(utf8(c.first)));
  assertEquals(two.answer(utf8(recorded)).kind, "unproved");
});

Deno.test("ScramMechanism wants nothing after its last message", async () => {
  const m = new ScramMechanism(FACTS);
  const c = new ScramClient(CLIENT);
  assertEquals(m.answer(utf8(await c.final(resumed(m.start(utf8(c.first)))))).kind, "challenge");
  assertEquals(m.answer(utf8("x")).kind, "malformed");
});

Deno.test("ScramMechanism never throws nor grants, whatever it is sent", () => {
  const sign = fc.constantFrom(
    "n",
    "y",
    "p",
    "=",
    ",",
    "a",
    "r",
    "c",
    "m",
    "v",
    "tls-server-end-point",
    "biws",
    "\0",
    "ä",
  );
  const text = fc.array(sign, { maxLength: 20 }).map((signs) => signs.join(""));
  fc.assert(fc.property(text, text, fc.boolean(), (first, last, plus) => {
    const m = new ScramMechanism({ ...FACTS, plus, endPoint: END_POINT });
    const step = m.start(utf8(first));
    if (step.kind === "keys") step.resume(PENCIL);
    for (const s of [step, m.answer(utf8(last)), m.answer(utf8(`${first}${last}`))]) {
      assert(s.kind !== "granted");
    }
  }));
});
