/**
 * A closed network as it is meant: loopback and nothing else, no route to anywhere. The demo and a server made by `quickstart --closed` do all
 * their work in it, and the kernel's counters tell that nothing was tried: no datagram (which a question to a name server would be), no
 * connection without a route. Needs root, for the network namespace.
 */
import { Alone, NO_ATTEMPTS } from "../support/alone.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { eventually } from "../support/programs.ts";

const MESSAGE =
  "From: <you@home.test>\r\nTo: <bob@home.test>\r\nSubject: at home\r\n\r\nNobody else knows.\r\n";
Deno.test("closed: the demo works without any route, and tries none", async () => {
  await using alone = await Alone.make();
  const dir = await Deno.makeTempDir({ prefix: "roost-closed-" });
  try {
    await using demo = await alone.start(/Look.* at /, "demo", "--dir", dir, "--password", "secret-word");
    await Deno.writeTextFile(`${dir}/message`, MESSAGE.replaceAll("you@home.test", "alice@example.test"));
    await alone.must(
      "curl",
      ...[
        "-sS",
        "smtp://127.0.0.1:2587",
        "-u",
        "alice:secret-word",
        "--mail-from",
        "alice@example.test",
      ],
      ...["--mail-rcpt", "bob@example.test", "--mail-rcpt", "someone@outside.test", "-T", `${dir}/message`],
    );
    const inbox = (port: number, user: string) =>
      eventually(`mail for ${user}`, async () => {
        const got = await alone.run(
          "curl",
          "-sS",
          `imap://127.0.0.1:${port}/INBOX;MAILINDEX=1`,
          "-u",
          `${user}:secret-word`,
        );
        return got.code === 0 && got.out;
      });
    assertMatch(await inbox(2143, "bob"), /Nobody else knows/);
    assertMatch(await inbox(2144, "someone"), /Nobody else knows/);
    assertMatch(await alone.must("curl", "-sS", "http://127.0.0.1:2080/api/status"), /example\.test/);
    assertEquals(await demo.stop(), 0, demo.said);
    assertEquals(await alone.attempts(), NO_ATTEMPTS);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("closed: a server by quickstart --closed works without any route, and tries none", async () => {
  await using alone = await Alone.make();
  const dir = await Deno.makeTempDir({ prefix: "roost-closed-" });
  try {
    const made = await alone.roost(
      "quickstart",
      "you@home.test",
      "--closed",
      "--hostname",
      "mail.home.test",
      "--dir",
      dir,
    );
    assertEquals([made.code, made.err], [0, ""], made.out);
    const password = /password\D*?(\S{4}-\S+)/i.exec(made.out)?.[1] ?? "";
    const config = ["--config", `${dir}/roost.yaml`];
    await using server = await alone.start(/"event":"ready"/, "serve", ...config);
    await Deno.writeTextFile(`${dir}/message`, MESSAGE);
    const curl = (...args: string[]) =>
      alone.run(
        "curl",
        ...[
          "-sS",
          "--cacert",
          `${dir}/data/tls/ca.pem`,
          "--connect-to",
          "mail.home.test::127.0.0.1:",
          ...args,
        ],
      );
    const send = (to: string) =>
      curl(
        ...["smtps://mail.home.test:465", "-u", `you@home.test:${password}`, "--mail-from", "you@home.test"],
        ...["--mail-rcpt", to, "-T", `${dir}/message`],
      );
    const sent = await send("you@home.test");
    assertEquals([sent.code, sent.err], [0, ""]);
    // To the outside there is no way, and that is told at once or by a report: nobody is asked.
    await send("stranger@example.org");
    const got = await curl("imaps://mail.home.test:993/INBOX;MAILINDEX=1", "-u", `you@home.test:${password}`);
    assertMatch(got.out, /Nobody else knows/, got.err);
    // A neighbour's mail, whose domain, name and keys an open network would ask for.
    await alone.must(
      "curl",
      "-sS",
      "smtp://127.0.0.1:25/mail.example.org",
      "--mail-from",
      "a@example.org",
      "--mail-rcpt",
      "you@home.test",
      "-T",
      `${dir}/message`,
    );
    for (
      const verb of [["check"], ["dns"], ["status"], ["queue", "list"], [
        "rehearse",
        "--from",
        "a@example.org",
        "--to",
        "you@home.test",
        "--ip",
        "192.0.2.7",
      ]]
    ) {
      const ran = await alone.roost(...verb, ...config);
      assert(ran.code <= 1, `${verb}: ${ran.err}`);
    }
    assertEquals(await server.stop(), 0, server.said);
    assertEquals(await alone.attempts(), NO_ATTEMPTS, server.said);
    // The counters do count: whoever tries is seen.
    await alone.run("curl", "-sS", "http://192.0.2.1/");
    assert((await alone.attempts())["Ip OutNoRoutes"] !== 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
