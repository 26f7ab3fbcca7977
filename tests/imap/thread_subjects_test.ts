import { Slice } from "../../mod/imap/slice.ts";
import { ThreadNode } from "../../mod/imap/thread.ts";
import { mergeSubjects } from "../../mod/imap/thread_subjects.ts";
import { assertEquals } from "../support/assert.ts";

const slice = new Slice({ monotonic: () => 0 }, () => Promise.resolve());
let seq = 0;

function node(subject: string, isReply = false, ...children: ThreadNode[]): ThreadNode {
  const made = new ThreadNode();
  if (subject !== "dummy") made.seq = ++seq;
  made.subject = subject === "dummy" ? "" : subject;
  made.isReply = isReply;
  for (const child of children) made.add(child);
  return made;
}

function shown({ seq, children }: ThreadNode): string {
  return `(${seq}${[...children].map(shown).join("")})`;
}

async function merged(...roots: ThreadNode[]): Promise<string> {
  return (await mergeSubjects(roots, slice)).map(shown).join("");
}

Deno.test("mergeSubjects() merges as RFC 5256's step 5 (C) has it", async () => {
  seq = 0;
  assertEquals(await merged(node("a"), node("b")), "(1)(2)", "different subjects");
  seq = 0;
  assertEquals(await merged(node(""), node("")), "(1)(2)", "none");
  seq = 0;
  const [one, two] = [node("a"), node("a")];
  assertEquals(
    await merged(node("dummy", false, one), node("dummy", false, two)),
    "(0(1)(2))",
    "two dummies",
  );
  seq = 0;
  assertEquals(
    await merged(node("a"), node("dummy", false, node("a"), node("x"))),
    "(0(2)(3)(1))",
    "to a dummy",
  );
  seq = 0;
  assertEquals(await merged(node("a", true), node("a")), "(2(1))", "an answer to what it answers");
  seq = 0;
  assertEquals(
    await merged(node("a"), node("a", true), node("a")),
    "(0(1(2))(3))",
    "otherwise below a dummy",
  );
});
