/** The base subject (RFC 5256 2.1), by which SORT and THREAD take "Re: x" and "[list] x (fwd)" for "x". */

import { SUBJECT_COMPARED } from "../base/limits.ts";

/** What is left of a subject, and whether something told that it answers or forwards. */
export interface BaseSubject {
  readonly base: string;
  readonly isReply: boolean;
}

// subj-blob = "[" *BLOBCHAR "]" *WSP, where a BLOBCHAR is anything but brackets.
const BLOB = /^\[[^[\]]*\] */;
// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":", after any number of blobs.
const REFWD = /^(?:re|fwd?) *(?:\[[^[\]]*\] *)?:/;
const TRAILER = "(fwd)";
const FORWARD = "[fwd:";

/** The base of a subject that is decoded and folded (in lower case). */
export function baseSubject(subject: string): BaseSubject {
  let base = subject.slice(0, SUBJECT_COMPARED).replace(/[\t\r\n ]+/g, " ");
  let isReply = false;
  for (;;) {
    // (2)
    base = base.trimEnd();
    while (base.endsWith(TRAILER)) {
      base = base.slice(0, -TRAILER.length).trimEnd();
      isReply = true;
    }
    // (3) to (5)
    for (let before = ""; before !== base;) {
      before = base;
      base = base.trimStart();
      const rest = withoutLeader(base);
      if (rest !== null) {
        base = rest;
        isReply = true;
        continue;
      }
      const bare = base.replace(BLOB, "");
      if (bare !== "") base = bare;
    }
    // (6)
    if (!base.startsWith(FORWARD) || !base.endsWith("]")) return { base, isReply };
    base = base.slice(FORWARD.length, -1);
    isReply = true;
  }
}

/** What follows a subj-leader that is no white space: (*subj-blob subj-refwd); null where there is none. */
function withoutLeader(text: string): string | null {
  let at = 0;
  for (;;) {
    const rest = text.slice(at);
    const refwd = REFWD.exec(rest);
    if (refwd) return rest.slice(refwd[0].length);
    const blob = BLOB.exec(rest);
    if (!blob) return null;
    at += blob[0].length;
  }
}
