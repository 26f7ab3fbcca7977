import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { FETCH_WHOLE } from "../../mod/base/limits.ts";
import { type ImapUrl, parseImapUrl } from "../../mod/imap/imap_url.ts";
import { Slice } from "../../mod/imap/slice.ts";
import { UrlContents } from "../../mod/imap/url_contents.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import type { AccountMail } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ALICE } from "../support/imap_server.ts";
import { MemStore } from "../support/mem_store.ts";

const MULTIPART = [
  "From: a@b",
  "Subject: parts",
  "Content-Type: multipart/mixed; boundary=x",
  "",
  "--x",
  "",
  "one",
  "--x",
  "Content-Type: text/html",
  "",
  "<p>two",
  "--x--",
  "",
].join("\r\n");

async function account(...messages: readonly (string | Uint8Array)[]): Promise<AccountMail> {
  const mail = await new MemStore().account(ALICE);
  for (const message of messages) {
    const draft = await mail.draft(0);
    await draft.write(typeof message === "string" ? utf8(message) : message);
    await mail.commit("INBOX", [{ draft, flags: NO_FLAGS, internalDate: null }]);
  }
  return mail;
}

function parsed(text: string): ImapUrl {
  const url = parseImapUrl(text);
  assert(url !== null, text);
  return url;
}

/** What URLs name, one after another, by one reader. */
async function reader(mail: AccountMail) {
  const urls = new UrlContents(
    (name) => mail.open(name),
    new Slice(new FakeClock(), () => Promise.resolve()),
  );
  const read = async (text: string, selected: string | null = null): Promise<string | null> => {
    const found = await urls.find(parsed(text), selected);
    if (found === null) return null;
    const chunks: Uint8Array[] = [];
    for await (const chunk of found.chunks()) chunks.push(chunk.slice());
    const all = concat(chunks);
    assertEquals(all.length, found.size);
    return fromUtf8(all);
  };
  return await Promise.resolve({ urls, read });
}

Deno.test("UrlContents gives the octets of messages and parts, small and large", async () => {
  const large = MULTIPART.replace("two", `two ${"x".repeat(FETCH_WHOLE)}`);
  const { urls, read } = await reader(await account(MULTIPART, large));
  for (const [uid, text] of [[1, MULTIPART], [2, large]] as const) {
    assertEquals(await read(`/INBOX/;UID=${uid}`), text);
    assertEquals(await read(`/INBOX/;UID=${uid}/;PARTIAL=6.3`), "a@b");
    assertEquals(await read(`/INBOX/;UID=${uid}/;PARTIAL=${text.length - 5}`), text.slice(-5));
    assertEquals(await read(`/INBOX/;UID=${uid}/;PARTIAL=${text.length + 5}.3`), "");
    assertEquals(
      await read(`/INBOX/;UID=${uid}/;SECTION=HEADER.FIELDS%20(SUBJECT)`),
      "Subject: parts\r\n\r\n",
    );
    assertEquals(await read(`/INBOX/;UID=${uid}/;SECTION=HEADER`), text.slice(0, text.indexOf("--x")));
    assertEquals(await read(`/INBOX/;UID=${uid}/;SECTION=TEXT`), text.slice(text.indexOf("--x")));
    assertEquals(await read(`/INBOX/;UID=${uid}/;SECTION=1`), "one");
    assertEquals(await read(`/INBOX/;UID=${uid}/;SECTION=2.MIME`), "Content-Type: text/html\r\n\r\n");
    assertEquals((await read(`/INBOX/;UID=${uid}/;SECTION=2`))?.slice(0, 6), "<p>two");
    assertEquals(await read(`;UID=${uid}/;SECTION=1`, "INBOX"), "one");
  }
  urls.close();
});

Deno.test("UrlContents gives no NUL, as FETCH does", async () => {
  const { urls, read } = await reader(await account("A: b\0\r\n\r\nx\0y"));
  assertEquals(await read("/INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(A)"), "A: b\ufffd\r\n\r\n");
  assertEquals(await read("/INBOX/;UID=1/;SECTION=TEXT"), "x\ufffdy");
  urls.close();
});

Deno.test("UrlContents knows nothing of what is not there, or is another's", async () => {
  const mail = await account(MULTIPART);
  const { urls, read } = await reader(mail);
  const status = await mail.status("INBOX", {});
  const uidValidity = status.ok ? status.value.uidValidity : 0;
  assertEquals(await read(`/inbox;UIDVALIDITY=${uidValidity}/;UID=1/;SECTION=1`), "one");
  const missing = [
    `/INBOX;UIDVALIDITY=${uidValidity + 1}/;UID=1`,
    "/INBOX/;UID=2",
    "/INBOX/;UID=1/;SECTION=3",
    "/INBOX/;UID=1/;SECTION=1.2",
    "/INBOX/;UID=1/;SECTION=1.HEADER",
    "/Nowhere/;UID=1",
    "/../bob/;UID=1",
    "/..%2F..%2Fbob%2Fcur/;UID=1",
    "/bob@example.test/INBOX/;UID=1",
    "/INBOX%00/;UID=1",
    ";UID=1",
  ];
  for (const url of missing) assertEquals(await read(url), null, url);
  // It goes on after each of them.
  assertEquals(await read("/INBOX/;UID=1/;SECTION=1"), "one");
  urls.close();
});

Deno.test("UrlContents looks into a message once for all its parts, and counts what it read", async () => {
  const { urls, read } = await reader(await account(MULTIPART, "Subject: other\r\n\r\nx"));
  for (let i = 0; i < 5; i++) await read("/INBOX/;UID=1/;SECTION=2");
  assertEquals(urls.read, MULTIPART.length);
  await read("/INBOX/;UID=2/;SECTION=TEXT");
  await read("/INBOX/;UID=1/;SECTION=TEXT");
  assertEquals(urls.read, 2 * MULTIPART.length + 19);
  urls.close();
});
