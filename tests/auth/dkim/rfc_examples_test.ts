import { importPrivateKey } from "../../../mod/auth/dkim/private_key.ts";
import { signMessage } from "../../../mod/auth/dkim/sign.ts";
import { memoryBody } from "../../../mod/base/body.ts";
import { fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { zone } from "../../support/zone.ts";
import { told, verify } from "./crafted.ts";

function crlf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\r\n`).join("");
}

const LETTER = crlf([
  "From: Joe SixPack <joe@football.example.com>",
  "To: Suzie Q <suzie@shopping.example.net>",
  "Subject: Is dinner ready?",
  "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)",
  "Message-ID: <20030712040037.46341.5F8J@football.example.com>",
  "",
  "Hi.",
  "",
  "We lost the game.  Are you hungry yet?",
  "",
  "Joe.",
]);

const ED25519_P = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const RFC8463_DNS = zone({
  "brisbane._domainkey.football.example.com": { TXT: [`v=DKIM1; k=ed25519; p=${ED25519_P}`] },
  "test._domainkey.football.example.com": {
    TXT: [
      "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
    ],
  },
});

Deno.test("the example of RFC 8463 A.3 verifies, both signatures", async () => {
  const signatures = crlf([
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;",
    " d=football.example.com; i=@football.example.com;",
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :",
    " subject : date : message-id : from : subject : date;",
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;",
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus",
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==",
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;",
    " d=football.example.com; i=@football.example.com;",
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :",
    " date : message-id : from : subject : date;",
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;",
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3",
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz",
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=",
  ]);
  assertEquals((await verify(signatures + LETTER, RFC8463_DNS)).map(told), ["pass", "pass"]);
  const changed = (signatures + LETTER).replace("hungry", "thirsty");
  assertEquals((await verify(changed, RFC8463_DNS)).map((o) => o.result), ["fail", "fail"]);
});

Deno.test("the key of RFC 8463 A.1 signs what its public key verifies", async () => {
  // The 32 octets of the seed, in the frame of RFC 8410 7.
  const pem = `-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI${
    btoa("\x20" + atob("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")).slice(1)
  }\n-----END PRIVATE KEY-----\n`;
  const key = await importPrivateKey(pem);
  const signing = { domain: "football.example.com", selector: "brisbane", key };
  const field = await signMessage(memoryBody(utf8(LETTER)), [signing], { time: 1528637909 });
  assert(field);
  assertEquals((await verify(fromUtf8(field) + LETTER, RFC8463_DNS)).map(told), ["pass"]);
});

Deno.test("the example of RFC 6376 A.2 verifies, with the key of its appendix C", async () => {
  const dns = zone({
    "brisbane._domainkey.example.com": {
      TXT: [
        "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB",
      ],
    },
  });
  const signature = crlf([
    "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;",
    "      c=simple/simple; q=dns/txt; i=joe@football.example.com;",
    "      h=Received : From : To : Subject : Date : Message-ID;",
    "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;",
    "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB",
    "        4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut",
    "        KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV",
    "        4bmp/YzhwvcubU4=;",
    "Received: from client1.football.example.com  [192.0.2.1]",
    "      by submitserver.example.com with SUBMISSION;",
    "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)",
  ]);
  // c=simple: the two spaces between the sentences are one in this example.
  const letter = LETTER.replace("game.  Are", "game. Are");
  assertEquals((await verify(signature + letter, dns)).map(told), ["pass"]);
  assertEquals((await verify(signature + LETTER, dns)).map(told), ["fail: the body has been changed"]);
  const refolded = signature.replace("\r\n      by", "\r\n by");
  assertEquals((await verify(refolded + letter, dns)).map((o) => o.result), ["fail"]);
});
