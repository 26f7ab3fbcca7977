import { asksHeaders, sortMessages } from "../../mod/imap/sort.ts";
import type { SortCriterion, SortKey } from "../../mod/imap/types.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeMailbox } from "./fake_mailbox.ts";
import { latin1 } from "./pieces.ts";

const MAILS = [
  "Date: Mon, 1 Jan 2024 12:00:00 +0000\r\nFrom: b@x\r\nTo: Zed <a@x>\r\nSubject: Re: Beta\r\n\r\n.",
  "Date: Mon, 1 Jan 2024 12:30:00 +0100\r\nFrom: Anna <c@x>\r\nTo: b@x\r\nSubject: _alpha\r\n\r\nlongest of all of them",
  "From: a@x\r\nCc: z@x\r\nSubject: beta (fwd)\r\n\r\n",
  "Date: nonsense\r\nTo: \r\nSubject: =?utf-8?q?=C3=84?=\r\n\r\n.",
];

async function sorted(...words: string[]): Promise<string> {
  const mailbox = new FakeMailbox(...MAILS.map(latin1));
  const criteria: SortCriterion[] = words.map((word) => ({
    key: word.replace("-", "") as SortKey,
    reverse: word.startsWith("-"),
  }));
  const found = await sortMessages({
    mailbox,
    view: mailbox.view,
    seqs: [1, 2, 3, 4],
    criteria,
    clock: { monotonic: () => 0 },
    pause: () => Promise.resolve(),
  });
  return found.join(" ");
}

Deno.test("sortMessages() sorts by each key (RFC 5256 3, RFC 5957)", async () => {
  const table: readonly (readonly [string, string])[] = [
    ["ARRIVAL", "1 2 3 4"],
    ["-ARRIVAL", "4 3 2 1"],
    ["DATE", "2 1 3 4"],
    ["-DATE", "4 3 1 2"],
    ["SIZE", "3 4 1 2"],
    ["SUBJECT", "4 1 3 2"],
    ["-SUBJECT", "2 1 3 4"],
    ["FROM", "4 3 1 2"],
    ["DISPLAYFROM", "4 3 2 1"],
    ["TO", "3 4 1 2"],
    ["DISPLAYTO", "3 4 2 1"],
    ["CC", "1 2 4 3"],
    ["SUBJECT -DATE", "4 3 1 2"],
    ["CC -FROM SIZE", "2 1 4 3"],
  ];
  for (const [words, want] of table) assertEquals(await sorted(...words.split(" ")), want, words);
});

Deno.test("sortMessages() reads nothing where no header is asked for, and leaves out what has vanished", async () => {
  const mailbox = new FakeMailbox(...MAILS.map(latin1));
  const request = {
    mailbox,
    view: mailbox.view,
    seqs: [2, 3],
    clock: { monotonic: () => 0 },
    pause: () => Promise.resolve(),
  };
  const by = (key: SortKey): SortCriterion[] => [{ key, reverse: false }];
  assertEquals(await sortMessages({ ...request, criteria: by("SIZE") }), [3, 2]);
  assertEquals([mailbox.reads, asksHeaders(by("SIZE")), asksHeaders(by("TO"))], [0, false, true]);
  mailbox.how = "gone";
  assertEquals(await sortMessages({ ...request, criteria: by("TO") }), []);
});
