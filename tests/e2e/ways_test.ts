/** Ways out of a real process: lists of hosts, routes of senders, addresses to come from, hosts that are away. */
import { freePort } from "../support/free_ports.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { mailer } from "../support/clients.ts";
import { Outside } from "../support/outside.ts";
import { RoostProcess } from "../support/roost_process.ts";

/** What `queue list --json` prints of a message. */
interface Item {
  readonly id: string;
  readonly recipients: readonly { readonly address: string; readonly reply: string | null }[];
}

async function send(roost: RoostProcess, from: "alice" | "bob", to: string): Promise<void> {
  const address = `${from}@example.test`;
  await mailer(roost, "submission", address, `secret-${from}`).sendMail({ from: address, to, text: "hi" });
}

async function list(roost: RoostProcess): Promise<Item[]> {
  return JSON.parse((await roost.verb("queue", "list", "--json")).out);
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !await isSo();) {
    assert(Date.now() < end, `in vain: ${what}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

Deno.test("e2e: a route's second host steps in, senders have routes of their own, and mail comes from where it should", async () => {
  await using second = await Outside.start();
  await using bobs = await Outside.start();
  const dead = freePort();
  await using roost = await RoostProcess.start({
    config: [
      `routes: { "*": ["smtp://127.0.0.1:${dead}", "smtp://127.0.0.1:${second.port}"] }`,
      `sender_routes: { bob@example.test: { to: "smtp://127.0.0.1:${bobs.port}", source_address: 127.0.0.77, helo: bobs.example.test } }`,
      "sending: { source_address: 127.0.0.66 }",
    ].join("\n"),
  });
  await send(roost, "alice", "a@out.test");
  await send(roost, "bob", "b@out.test");
  assertEquals((await second.until(1)).map((m) => [m.to, m.client]), [[
    ["a@out.test"],
    "127.0.0.66 mail.example.test",
  ]]);
  assertEquals((await bobs.until(1)).map((m) => [m.to, m.client]), [[
    ["b@out.test"],
    "127.0.0.77 bobs.example.test",
  ]]);
  const away = JSON.parse((await roost.verb("queue", "hosts", "--json")).out);
  assertEquals(away.hosts.map((h: { port: number; failures: number }) => [h.port, h.failures]), [[dead, 1]]);
  const config = await Deno.readTextFile(roost.config);
  await Deno.writeTextFile(roost.config, config.replace("127.0.0.66", "192.0.2.66"));
  assertEquals((await roost.verb("reload")).code, 0);
  await send(roost, "alice", "c@out.test");
  await until("the address is missed", async () => !!(await list(roost))[0]?.recipients[0]?.reply);
  const [stuck] = await list(roost);
  assertMatch(
    stuck?.recipients[0]?.reply ?? "",
    /cannot send from 192\.0\.2\.66: this machine has no such address/,
  );
  await Deno.writeTextFile(roost.config, config);
  assertEquals((await roost.verb("reload")).code, 0);
  assertEquals((await second.until(2))[1]?.to, ["c@out.test"]);
});

Deno.test("e2e: a host that is away is tried for one and left alone for all; one retry and all goes", async () => {
  const port = freePort();
  await using roost = await RoostProcess.start({ config: `routes: { "*": "smtp://127.0.0.1:${port}" }` });
  for (let i = 0; i < 6; i++) await send(roost, "alice", `a@${i}.test`);
  await until("all wait", async () => (await list(roost)).every((m) => m.recipients[0]?.reply));
  const items = await list(roost);
  const tried = items.filter((m) => m.recipients[0]?.reply?.startsWith("cannot connect"));
  assert(tried.length <= 2, `${tried.length} were tried`);
  const table = (await roost.verb("queue", "hosts")).out;
  assertMatch(table, new RegExp(`127\\.0\\.0\\.1 \\(127\\.0\\.0\\.1 port ${port}\\) +1 .*cannot connect`));
  assertMatch(
    (await roost.verb("queue", "show", items[5]?.id ?? "")).out,
    /left alone +5\.test: next try 20/,
  );
  assertMatch((await roost.verb("queue", "list")).out, /left alone for now; "roost queue hosts"/);
  await using outside = await Outside.start({ port });
  assertEquals((await roost.verb("queue", "retry", items[3]?.id ?? "")).code, 0);
  assertEquals((await outside.until(6)).length, 6);
  await until(
    "nobody is away",
    async () => (await roost.verb("queue", "hosts")).out.trim() === "no host is left alone",
  );
});

Deno.test("e2e: an address that bounces again and again is refused at submission, until somebody clears it", async () => {
  await using outside = await Outside.start({
    rcpt: (address) => address === "gone@out.test" ? [550, "5.1.1 Nobody of that name"] : null,
  });
  await using roost = await RoostProcess.start({
    config: `routes: { "*": "smtp://127.0.0.1:${outside.port}" }`,
  });
  const told = async () => JSON.parse((await roost.verb("queue", "suppressed", "--json")).out);
  await send(roost, "alice", "gone@out.test");
  await until("the bounce counts", async () => (await told()).length === 1);
  assertEquals((await told())[0].until, null);
  // Two more, hours ago.
  assertEquals(await roost.stop(), 0);
  const file = `${roost.dir}/data/suppressed.jsonl`;
  const kept = JSON.parse((await Deno.readTextFile(file)).trim());
  await Deno.writeTextFile(file, `${JSON.stringify({ ...kept, bounces: 3 })}\n`);
  await roost.launch();
  const refused = await send(roost, "alice", "gone@out.test").then(() => "taken", (e) => String(e.response));
  assertMatch(refused, /^550 5\.1\.1 This address was refused by its own server again and again/);
  await send(roost, "alice", "there@out.test");
  assertEquals((await outside.until(1))[0]?.to, ["there@out.test"]);
  assertMatch(
    (await roost.verb("queue", "suppressed")).out,
    /^gone@out\.test +3 .*refused to RCPT: 550 5\.1\.1 Nobody/m,
  );
  assertEquals((await roost.verb("queue", "suppressed", "remove", "gone@out.test")).code, 0);
  await send(roost, "alice", "gone@out.test");
});
