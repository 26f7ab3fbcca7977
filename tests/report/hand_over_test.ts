import { parseReportUris } from "../../mod/auth/report_uri.ts";
import type { Body } from "../../mod/base/body.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { FsError } from "../../mod/base/fs.ts";
import { err, ok } from "../../mod/base/result.ts";
import { formatAddress } from "../../mod/mail/address.ts";
import type { Envelope } from "../../mod/queue/types.ts";
import { type FinishedReport, HandOver } from "../../mod/report/hand_over.ts";
import { assertEquals } from "../support/assert.ts";
import { MemoryLog } from "../support/memory_log.ts";

const REPORT: FinishedReport = {
  id: "r1",
  from: { local: "postmaster", domain: "example.org" },
  packed: utf8("packed"),
  mediaType: "application/tlsrpt+gzip",
  tlsOptional: true,
  mailTo: (to) => utf8(`To: ${formatAddress(to)}\r\n\r\nx\r\n`),
};

function setUp() {
  const state = {
    mails: [] as { envelope: Envelope; text: string }[],
    posts: [] as string[],
    full: false,
    down: false,
    log: new MemoryLog(),
  };
  const handOver = new HandOver({
    queue: {
      async submit(envelope: Envelope, body: Body) {
        if (state.full) throw new FsError("full", "write", "/queue");
        let text = "";
        for await (const chunk of body.stream()) text += fromUtf8(chunk);
        state.mails.push({ envelope, text });
        return "q1";
      },
    },
    post: (url, octets, type) => {
      state.posts.push(`${url} ${type} ${octets.length}`);
      return Promise.resolve(state.down ? err("down") : ok(undefined));
    },
    sign: (_, from) => Promise.resolve(utf8(`DKIM-Signature: d=${from.domain}\r\n`)),
    log: state.log,
  });
  return { handOver, state };
}

Deno.test("toAll() mails and posts, signed, without asking for bounces or TLS", async () => {
  const { handOver, state } = setUp();
  const targets = parseReportUris("mailto:a@a.example,https://r.example/x");
  assertEquals(await handOver.toAll(REPORT, targets), "done");
  const [mail] = state.mails;
  assertEquals(mail?.text, "DKIM-Signature: d=example.org\r\nTo: a@a.example\r\n\r\nx\r\n");
  assertEquals(mail?.envelope.recipients[0]?.options, { notify: ["never"] });
  assertEquals([mail?.envelope.tlsOptional, mail?.envelope.sender], [true, REPORT.from]);
  assertEquals(state.posts, ["https://r.example/x application/tlsrpt+gzip 6"]);
});

Deno.test("toAll() comes again only for those who have not got it", async () => {
  const { handOver, state } = setUp();
  const targets = parseReportUris("mailto:a@a.example,https://r.example/x");
  state.down = true;
  assertEquals(await handOver.toAll(REPORT, targets), "later");
  state.full = true;
  assertEquals(await handOver.toAll(REPORT, targets), "later");
  state.down = false;
  assertEquals(await handOver.toAll(REPORT, targets), "done");
  assertEquals([state.mails.length, state.posts.length], [1, 3]);
  // What is done is forgotten: the next one of that name is another.
  state.full = false;
  assertEquals(await handOver.toAll(REPORT, targets), "done");
  assertEquals(state.mails.length, 2);
});

Deno.test("toAll() waits while the queue cannot take it, and spares who wants less", async () => {
  const { handOver, state } = setUp();
  state.full = true;
  assertEquals(await handOver.toAll(REPORT, parseReportUris("mailto:a@a.example")), "later");
  state.full = false;
  assertEquals(
    await handOver.toAll({ ...REPORT, tlsOptional: false }, parseReportUris("mailto:a@a.example!5")),
    "done",
  );
  assertEquals(state.mails.length, 0);
  assertEquals(
    await handOver.toAll({ ...REPORT, tlsOptional: false }, parseReportUris("mailto:a@a.example!5k")),
    "done",
  );
  assertEquals(state.mails[0]?.envelope.tlsOptional, undefined);
});
