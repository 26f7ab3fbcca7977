import { accountsPage, decisionsPage, domainsPage } from "../../mod/status/lists.ts";
import { assert, assertEquals } from "../support/assert.ts";

const NOW = Date.UTC(2026, 0, 2);

Deno.test("accountsPage() shows what is used of a quota, where there is one", async () => {
  const text = String(
    await accountsPage([
      {
        address: "a@x.test",
        disabled: false,
        quota: { octets: 1000, messages: 5 },
        used: { octets: 950, messages: 3 },
      },
      { address: "b@x.test", disabled: true, quota: { octets: null, messages: null }, used: null },
      {
        address: "c@x.test",
        disabled: false,
        quota: { octets: 0, messages: null },
        used: { octets: 0, messages: 0 },
      },
    ]),
  );
  assert(text.includes('value="0.950"') && text.includes("95 % of 1.0 KB, 5 messages"), text);
  assert(text.includes("disabled") && text.includes("100 % of 0 B") && text.includes("/setup/a%40x.test"));
  assert(String(await accountsPage([])).includes("roost user add"));
});

Deno.test("decisionsPage() shows what strangers wrote as text", async () => {
  const text = String(
    await decisionsPage([{
      time: "2026-01-02T03:04:05.000Z",
      what: "refused",
      tone: "bad",
      id: "m1",
      from: "<i>@x",
      to: null,
      peer: "192.0.2.1",
      why: "550 <script>",
    }]),
  );
  assert(
    text.includes("&lt;i&gt;@x") && text.includes("550 &lt;script&gt;") &&
      text.includes('class="bad">refused'),
  );
  assert(String(await decisionsPage([])).includes("None since the start"));
});

Deno.test("domainsPage() tells of certificates near their end and of records that are wrong", async () => {
  const record = { name: "x.test", type: "MX", value: "10 m.", need: "must" as const, why: "mail" };
  const certificate = { source: "own", names: ["a.test"], issuer: "CN=x", fingerprint: "AA:BB" };
  const wrong = { level: "fail" as const, about: "x.test MX", what: "is not there", fix: "publish it" };
  const right = { level: "ok" as const, about: "x.test TXT", what: "fine", fix: null };
  const asked = "2026-01-02T03:04:05.000Z";
  const text = String(
    await domainsPage(
      [
        { domain: "x.test", records: [record], asked, findings: [right, wrong] },
        { domain: "y.test", records: [], asked, findings: [right] },
        { domain: "z.test", records: [], asked: null, findings: [] },
      ],
      [
        { ...certificate, expires: "2026-01-05T00:00:00.000Z" },
        { ...certificate, expires: "2025-12-31T00:00:00.000Z" },
        { ...certificate, expires: "2026-03-05T00:00:00.000Z" },
      ],
      true,
      NOW,
    ),
  );
  assertEquals(
    [...text.matchAll(/class="(bad|good)">([^<]*)</g)].map((m) => `${m[1]} ${m[2]}`),
    ["bad in 3 days", "bad ended", "good in 62 days"],
  );
  assert(
    text.includes("x.test MX") && !text.includes("x.test TXT") && text.includes("DNS says what it should"),
  );
  assert(text.includes("DNS has not been asked") && text.includes('href="/setup"'));
});
