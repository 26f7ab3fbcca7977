import { InboundPolicy } from "../../mod/inbound/policy.ts";
import { RateLimiter } from "../../mod/inbound/ratelimit.ts";
import { parsePath } from "../../mod/smtp/path.ts";
import { REPLY, type Reply } from "../../mod/smtp/reply.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { directory, transaction, type TransactionOptions } from "./rig.ts";

function policy(): InboundPolicy {
  return new InboundPolicy(directory(), new RateLimiter(new FakeClock(), { burst: 2, perMinute: 1 }, []));
}

function rcpt(path: string, options: TransactionOptions): Reply | null {
  const read = parsePath(path, 0, true);
  assert(read?.address, path);
  const verdict = policy().rcpt(transaction(options), read.address);
  assert(!(verdict instanceof Promise), "nothing has to be waited for");
  return verdict;
}

Deno.test("InboundPolicy takes what is ours and tells what is not", () => {
  const table: [string, Reply | null][] = [
    ["<alice@example.test>", null],
    ["<ALICE@Example.Test>", null],
    ["<alice+lists@example.test>", null],
    ["<team@example.test>", null],
    ["<away@example.test>", null],
    ["<anyone@catch.test>", null],
    ["<postmaster>", null],
    ["<Postmaster@example.test>", null],
    ["<postmaster@catch.test>", null],
    ["<nobody@example.test>", REPLY.unknownUser],
    ["<carol@example.test>", REPLY.disabledUser],
    ["<x@elsewhere.example>", REPLY.relayDenied],
    ["<alice@sub.example.test>", REPLY.relayDenied],
    ["<@example.test:alice@example.test>", null],
  ];
  for (const listener of ["smtp", "lmtp"] as const) {
    for (const [path, reply] of table) assertEquals(rcpt(path, { listener }), reply, path);
  }
});

Deno.test("InboundPolicy never relays for strangers, in whatever form of address", () => {
  const forms = [
    "<victim@far.example>",
    "<victim%far.example@example.test>",
    "<victim%far.example@catch.test>",
    "<victim%far.example@[192.0.2.2]>",
    '<"victim@far.example"@example.test>',
    '<"victim@far.example"@catch.test>',
    '<"victim%far.example"@catch.test>',
    "<far.example!victim@example.test>",
    "<far.example!victim@catch.test>",
    "<@example.test:victim@far.example>",
    "<@catch.test,@example.test:victim@far.example>",
    "<@example.test:victim%far.example@catch.test>",
    "<victim@[198.51.100.1]>",
    "<victim@[192.0.2.2]>",
    "<victim@[127.0.0.1]>",
    "<victim@[IPv6:::1]>",
    "<alice@[192.0.2.2]>",
    "<victim@localhost>",
    "<far.example!victim@far.example>",
    '<"far.example!victim"@catch.test>',
    "<victim%far.example%example.test@catch.test>",
  ];
  const senders = ["spam@far.example", "alice@example.test", null, "postmaster@example.test"];
  for (const form of forms) {
    for (const sender of senders) {
      for (const listener of ["smtp", "lmtp"] as const) {
        assertEquals(
          rcpt(form, { listener, sender }),
          REPLY.relayDenied,
          `${form} from ${sender} on ${listener}`,
        );
      }
    }
  }
});

Deno.test("InboundPolicy lets accounts send to anybody, as themselves only", () => {
  const account = "alice@example.test";
  assertEquals(rcpt("<x@elsewhere.example>", { account }), null);
  assertEquals(rcpt("<nobody@example.test>", { account }), REPLY.unknownUser);
  assertEquals(rcpt("<victim%far.example@example.test>", { account }), REPLY.unknownUser);
  assertEquals(rcpt("<x@elsewhere.example>", { account, listener: "lmtp" }), REPLY.relayDenied);
  const table: [string | null, Reply | null][] = [
    ["alice@example.test", null],
    ["ALICE@example.test", null],
    ["alice+tag@example.test", null],
    ["sales@example.test", null],
    [null, null],
    ["bob@example.test", REPLY.senderNotYours],
    ["nobody@example.test", REPLY.senderNotYours],
    ["alice@elsewhere.example", REPLY.senderNotYours],
  ];
  for (const [sender, reply] of table) {
    assertEquals(policy().mail(transaction({ account, sender })), reply, `${sender}`);
    // Strangers may say anything: what it is worth, SPF and DMARC will tell.
    assertEquals(policy().mail(transaction({ sender })), null);
  }
});

Deno.test("InboundPolicy limits connections by address and believes no greeting", () => {
  const p = policy();
  const { client } = transaction();
  assertEquals([p.connect(client), p.connect(client), p.connect(client)], [
    null,
    null,
    REPLY.tooManyConnections,
  ]);
  assertEquals(p.helo(client), null);
});

Deno.test("InboundPolicy keeps a directory that cannot answer apart from one that says no", () => {
  const p = new InboundPolicy(
    {
      isLocal: () => true,
      resolve: () => ({ kind: "temp", why: "x" }),
      maySendAs: () => false,
      accounts: () => [],
    },
    new RateLimiter(new FakeClock(), { burst: 1, perMinute: 1 }, []),
  );
  assertEquals(p.rcpt(transaction(), { local: "a", domain: "b" }), REPLY.recipientLater);
});

Deno.test("InboundPolicy takes nothing from our users for addresses elsewhere that bounce, and never looks at our own", () => {
  const asked: string[] = [];
  const p = new InboundPolicy(
    directory(),
    new RateLimiter(new FakeClock(), { burst: 2, perMinute: 1 }, []),
    undefined,
    undefined,
    ({ local, domain }) => asked.push(`${local}@${domain}`) > 0 && local === "gone",
  );
  const rcpt = (local: string, domain: string, account: string | null) =>
    p.rcpt(transaction({ account }), { local, domain });
  assertEquals(rcpt("gone", "far.example", "alice@example.test"), REPLY.suppressed);
  assertEquals(rcpt("there", "far.example", "alice@example.test"), null);
  assertEquals(rcpt("gone", "far.example", null), REPLY.relayDenied);
  assertEquals(rcpt("alice", "example.test", "alice@example.test"), null);
  assertEquals(asked, ["gone@far.example", "there@far.example"]);
});

Deno.test("InboundPolicy refuses mail for full mailboxes before it travels, but not our users' own", async () => {
  const asked: [string, number][] = [];
  const full = new Set(["alice@example.test"]);
  const p = new InboundPolicy(
    directory(),
    new RateLimiter(new FakeClock(), { burst: 2, perMinute: 1 }, []),
    undefined,
    undefined,
    undefined,
    {
      has: (account, octets) => {
        asked.push([account, octets]);
        return full.has(account) ? Promise.resolve(false) : true;
      },
      full: REPLY.mailboxFull,
    },
  );
  const mail = { size: 500, body: null, smtpUtf8: false } as const;
  const rcpt = (local: string, own: TransactionOptions = {}, size: number | null = 500) =>
    p.rcpt({ ...transaction(own), mail: { ...mail, size } }, { local, domain: "example.test" });
  assertEquals(await rcpt("alice"), REPLY.mailboxFull);
  assertEquals(await rcpt("alice+lists", { listener: "lmtp" }), REPLY.mailboxFull);
  assertEquals(await rcpt("alice", { listener: "lmtp", account: "bob@example.test" }), REPLY.mailboxFull);
  assertEquals(rcpt("bob"), null);
  assertEquals(rcpt("nobody"), REPLY.unknownUser);
  assertEquals(asked.length, 4);
  // What is not announced is at least something.
  await rcpt("alice", {}, null);
  assertEquals(asked.at(-1), ["alice@example.test", 1]);
  // One of several with room will do: the others' copies wait.
  assertEquals(await rcpt("team"), null);
  full.add("bob@example.test");
  assertEquals(await rcpt("team"), REPLY.mailboxFull);
  // Where some of it goes elsewhere it is taken.
  assertEquals(await rcpt("mixed"), null);
  assertEquals(await rcpt("alice", { listener: "submission", account: "bob@example.test" }), null);
});
