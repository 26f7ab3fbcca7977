import { Srs } from "../../mod/auth/srs.ts";
import { InboundPolicy } from "../../mod/inbound/policy.ts";
import { RateLimiter } from "../../mod/inbound/ratelimit.ts";
import { ReturnPaths } from "../../mod/inbound/return_paths.ts";
import { formatAddress } from "../../mod/mail/address.ts";
import { REPLY } from "../../mod/smtp/reply.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { addr, bodyOf, directory, InboundRig, transaction } from "./rig.ts";

const DAY = 24 * 60 * 60 * 1000;

function paths(clock = new FakeClock(), domain: string | undefined = "example.test") {
  const srs = new Srs(["secret"]);
  return { clock, srs, paths: new ReturnPaths(directory(), { srs: () => srs, domain: () => domain, clock }) };
}

function rewritten(sender: string, via: string, domain?: string): string {
  const to = paths(new FakeClock(), domain).paths.rewrite(addr(sender), addr(via));
  return to ? formatAddress(to) : "<>";
}

Deno.test("ReturnPaths.rewrite() leaves our own senders and the null sender alone, and uses the domain written to", () => {
  const made = /^SRS0=[^=]{4}=[A-Z2-7]{2}=far\.example=s@/;
  assert(made.test(rewritten("s@far.example", "away@example.test")));
  assert(rewritten("s@far.example", "x@catch.test").endsWith("@catch.test"));
  assert(rewritten("s@far.example", "postmaster").endsWith("@example.test"));
  assertEquals(rewritten("alice@example.test", "away@example.test"), "alice@example.test");
  assertEquals(rewritten("x@catch.test", "away@example.test"), "x@catch.test");
  assertEquals(
    rewritten("SRS0=AAAA=AA=x.test=u@catch.test", "away@example.test"),
    "SRS0=AAAA=AA=x.test=u@catch.test",
  );
  assertEquals(
    rewritten(`${"l".repeat(250)}@far.example`, "away@example.test"),
    `${"l".repeat(250)}@far.example`,
  );
  assertEquals(paths().paths.rewrite(null, addr("away@example.test")), null);
});

Deno.test("ReturnPaths.resolve() leads back for 21 days, and nowhere for forgeries, not even to a catch-all", async () => {
  const { paths: p, clock } = paths();
  const to = p.rewrite(addr("s@far.example"), addr("x@catch.test"));
  assert(to);
  assertEquals(p.resolve(to), {
    kind: "targets",
    targets: [{ kind: "forward", address: addr("s@far.example") }],
    returnPath: true,
  });
  for (const forged of [to.local.replace("s", "t"), `${to.local}x`, to.local.replace(/=..=/, "=AA=")]) {
    assertEquals(p.resolve({ local: forged, domain: "catch.test" }), {
      kind: "unknown-user",
      returnPath: true,
    }, forged);
  }
  assertEquals(p.resolve({ local: to.local, domain: "far.example" }), { kind: "not-local" });
  // No return address at all: whoever has such a name gets his mail.
  assertEquals(p.resolve(addr("srs0-fans@catch.test")).kind, "targets");
  await clock.advance(22 * DAY);
  assertEquals(p.resolve(to), { kind: "unknown-user", returnPath: true });
});

Deno.test("ReturnPaths.resolve() follows return addresses of our own within others, so far", () => {
  const { paths: p, srs, clock } = paths();
  const first = srs.forward(addr("alice@example.test"), "example.test", clock.now());
  assert(first);
  const second = srs.forward(first, "catch.test", clock.now());
  assert(second && second.local.startsWith("SRS1="));
  assertEquals(p.resolve(second), {
    kind: "targets",
    targets: [{ kind: "account", account: "alice@example.test", detail: null }],
    returnPath: true,
  });
  let deep = addr("nobody@example.test");
  for (let i = 0; i < 12; i++) {
    const local = srs.forward(
      { local: `x${deep.local}`, domain: "example.test" },
      "example.test",
      clock.now(),
    );
    if (!local) break;
    deep = { local: local.local.replace(/=x(?=SRS0)/i, "=x"), domain: "example.test" };
  }
  assertEquals(p.resolve(deep).kind, "unknown-user");
});

Deno.test("only reports go to return addresses, wherever they come from", () => {
  const { paths: p } = paths();
  const to = p.rewrite(addr("a%b!c@far.example"), addr("x@catch.test"));
  assert(to);
  const policy = new InboundPolicy(p, new RateLimiter(new FakeClock(), { burst: 2, perMinute: 1 }, []));
  const forged = { ...to, local: to.local.replace("a%", "x%") };
  for (const listener of ["smtp", "lmtp", "submission"] as const) {
    assertEquals(policy.rcpt(transaction({ listener, sender: null }), to), null);
    assertEquals(policy.rcpt(transaction({ listener }), to), REPLY.onlyReports);
    assertEquals(policy.rcpt(transaction({ listener, sender: null }), forged), REPLY.badReturnPath);
    assertEquals(policy.rcpt(transaction({ listener }), forged), REPLY.badReturnPath);
  }
  // Who has logged in may write to anybody.
  assertEquals(policy.rcpt(transaction({ account: "alice@example.test" }), to), null);
});

Deno.test("a forward goes out with our return address, and a report to it comes back to the sender", async () => {
  const { paths: p } = paths();
  const rig = new InboundRig({ directory: p, rewriteSender: (sender, via) => p.rewrite(sender, via) });
  const message = {
    id: "t1",
    sender: addr("s@far.example"),
    account: null,
    smtpUtf8: false,
    body: bodyOf("Subject: x\r\n\r\n"),
  };
  const rules = { relay: false, allOrNone: false };
  await rig.dispatcher.dispatch(message, [{ address: addr("away@example.test") }], rules);
  const sender = rig.queued[0]?.envelope.sender;
  assert(sender && sender.local.startsWith("SRS0="));
  await rig.dispatcher.dispatch({ ...message, sender: null }, [{ address: sender }], rules);
  assertEquals(rig.queued[1]?.envelope.sender, null);
  assertEquals(rig.queuedFor, ["alice@far.example", "s@far.example"]);
});
