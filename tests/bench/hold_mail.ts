/** Mail for holds.ts. */
import { utf8 } from "../../mod/base/bytes.ts";

const FILES = 40_000; // links a file may have on common file systems, and some to spare

/** Makes an account with mail of a thousand kinds. */
export function fill(account: string, messages: number): void {
  for (const part of ["new", "cur", "tmp"]) Deno.mkdirSync(`${account}/${part}`, { recursive: true });
  const kinds: string[] = [];
  for (let i = 0; i < messages; i++) {
    const kind = i % 1000 + 1000 * Math.floor(i / (FILES * 1000));
    const name = `${account}/cur/${1_700_000_000 + i}.M${i}P1.bench`;
    const known = kinds[kind];
    const text =
      `From: a${kind}@example.test\r\nTo: b@example.test\r\nSubject: about ${kind * 7919 % 1000}\r\n` +
      `Date: Mon, 1 Jun 2026 10:${`${kind % 60}`.padStart(2, "0")}:00 +0000\r\nMessage-ID: <${kind}@x>\r\n` +
      `References: <${kind % 50}@x>\r\n\r\n${`words of number ${kind} `.repeat(60)}\r\n`;
    const path = `${name},S=${text.length},W=${text.length}:2,${i % 3 ? "S" : ""}`;
    if (known === undefined) Deno.writeTextFileSync(path, text);
    else Deno.linkSync(known, path);
    kinds[kind] = path;
  }
}

/** Makes an account with many folders of one message each. */
export function fillFolders(account: string, folders: number): void {
  const text = "Subject: the only one\r\n\r\ntext\r\n";
  let known: string | null = null;
  for (let i = 0; i < folders; i++) {
    const dir = `${account}/.folder${i % 100}.${i}`;
    for (const part of ["new", "cur", "tmp"]) Deno.mkdirSync(`${dir}/${part}`, { recursive: true });
    Deno.writeTextFileSync(`${dir}/maildirfolder`, "");
    const path = `${dir}/cur/${1_700_000_000 + i}.M${i}P1.bench:2,`;
    if (known === null || i % FILES === 0) Deno.writeTextFileSync(path, text);
    else Deno.linkSync(known, path);
    known = path;
  }
  for (const part of ["new", "cur", "tmp"]) Deno.mkdirSync(`${account}/${part}`, { recursive: true });
}

/** Messages unlike others. */
export function* oddMessages(large: number): Generator<readonly [string, Uint8Array]> {
  const start = "From: a@example.test\r\nSubject: odd\r\nDate: Mon, 1 Jun 2026 10:00:00 +0000\r\n";
  const type = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n';
  yield ["1 MB of fields", utf8(`${start}${"X-Field: some words of no use\r\n".repeat(32_000)}\r\ntext\r\n`)];
  yield ["1 MB in a field", utf8(`Subject: ${"words\r\n ".repeat(125_000)}\r\n${start}\r\ntext\r\n`)];
  const ids = Array.from({ length: 50_000 }, (_, i) => `\r\n <${i}@example.test>`);
  yield ["1 MB of References", utf8(`${start}References: ${ids.join("")}\r\n\r\ntext\r\n`)];
  const people = Array.from({ length: 25_000 }, (_, i) => `\r\n Person ${i} <p${i}@example.test>`);
  yield ["1 MB of To", utf8(`${start}To: ${people.join(",")}\r\n\r\ntext\r\n`)];
  const part = "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nsome text of a part\r\n";
  yield ["10,000 parts", utf8(`${start}${type}\r\n${part.repeat(10_000)}--b--\r\n`)];
  const body = new Uint8Array(large).fill(0x61);
  for (let at = 76; at < large - 1; at += 78) body.set([13, 10], at);
  const head = utf8(`${start}\r\n`);
  const whole = new Uint8Array(head.length + large);
  whole.set(head);
  whole.set(body, head.length);
  yield ["50 MB", whole];
}
