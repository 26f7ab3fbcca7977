/** Which command may come when, and what its end may tell of others' changes. A verb without a row does not compile. */
import { deleteAcl, getAcl, listRights, myRights, setAcl } from "./commands/acl.ts";
import { append } from "./commands/append.ts";
import { authenticate, login, startTls, unauthenticate } from "./commands/authenticate.ts";
import { compress } from "./commands/compress.ts";
import { cancelUpdate } from "./commands/cancel_update.ts";
import { copy, move } from "./commands/copy.ts";
import { expunge } from "./commands/expunge.ts";
import { fetch } from "./commands/fetch.ts";
import { capability, enable, id, logout, namespace, noop } from "./commands/general.ts";
import { idle } from "./commands/idle.ts";
import { list } from "./commands/list.ts";
import { lsub } from "./commands/lsub.ts";
import { create, remove, rename, subscribe, unsubscribe } from "./commands/mailbox.ts";
import { getMetadata, setMetadata } from "./commands/metadata.ts";
import { getQuota, getQuotaRoot, setQuota } from "./commands/quota.ts";
import { multiSearch } from "./commands/multisearch.ts";
import { search } from "./commands/search.ts";
import { replace } from "./commands/replace.ts";
import { close, examine, select, unselect } from "./commands/select.ts";
import { sort } from "./commands/sort.ts";
import { status } from "./commands/status.ts";
import { store } from "./commands/store.ts";
import { thread } from "./commands/thread.ts";
import type { NotifyCommand } from "./notify_types.ts";
import type { Reply } from "./reply.ts";
import type { ImapSession } from "./session.ts";
import type { Command, Verb } from "./types.ts";

/** RFC 3501 3. */
export type Phase = "fresh" | "authenticated" | "selected" | "logout";

/** A command that goes on with the client's next line: AUTHENTICATE, IDLE. */
export interface Wait {
  /** What follows "+ ". */
  readonly prompt: string;
  /** Meanwhile changes are told as they happen. */
  readonly idle: boolean;
  line(line: Uint8Array): Handled | Promise<Handled>;
}

/** What became of a command. */
export type Handled = Wait | (Reply & { readonly then?: "starttls" | "compress" | "close" });

/**
 * What of others' changes is told before the tagged reply. "no-expunge" after FETCH, STORE and SEARCH, whose answers are in sequence numbers that a
 * pipelining client goes on using (RFC 3501 7.4.1).
 */
export type Tells = "nothing" | "no-expunge" | "all";

export interface Rule<C> {
  readonly in: readonly Phase[];
  tells(command: C): Tells;
  run(session: ImapSession, command: C): Handled | Promise<Handled>;
}

/** Few clients use it: what it takes is read when one does. */
const notify = async (session: ImapSession, command: NotifyCommand): Promise<Handled> =>
  await (await import("./commands/notify.ts")).notify(session, command);

const ANY: readonly Phase[] = ["fresh", "authenticated", "selected"];
const FRESH: readonly Phase[] = ["fresh"];
const IN: readonly Phase[] = ["authenticated", "selected"];
const SELECTED: readonly Phase[] = ["selected"];

const all = (): Tells => "all";
const nothing = (): Tells => "nothing";
const unlessUid = (c: { readonly uid: boolean }): Tells => c.uid ? "all" : "no-expunge";

export const RULES: { readonly [V in Verb]: Rule<Extract<Command, { readonly verb: V }>> } = {
  CAPABILITY: { in: ANY, tells: all, run: capability },
  NOOP: { in: ANY, tells: all, run: noop },
  LOGOUT: { in: ANY, tells: nothing, run: logout },
  ID: { in: ANY, tells: all, run: id },
  STARTTLS: { in: FRESH, tells: nothing, run: startTls },
  AUTHENTICATE: { in: FRESH, tells: nothing, run: authenticate },
  LOGIN: { in: FRESH, tells: nothing, run: login },
  COMPRESS: { in: IN, tells: nothing, run: compress },
  ENABLE: { in: IN, tells: all, run: enable },
  NAMESPACE: { in: IN, tells: all, run: namespace },
  SELECT: { in: IN, tells: nothing, run: select },
  EXAMINE: { in: IN, tells: nothing, run: examine },
  CREATE: { in: IN, tells: all, run: create },
  DELETE: { in: IN, tells: all, run: remove },
  RENAME: { in: IN, tells: all, run: rename },
  SUBSCRIBE: { in: IN, tells: all, run: subscribe },
  UNSUBSCRIBE: { in: IN, tells: all, run: unsubscribe },
  LIST: { in: IN, tells: all, run: list },
  LSUB: { in: IN, tells: all, run: lsub },
  STATUS: { in: IN, tells: all, run: status },
  APPEND: { in: IN, tells: all, run: append },
  GETQUOTA: { in: IN, tells: all, run: getQuota },
  GETQUOTAROOT: { in: IN, tells: all, run: getQuotaRoot },
  GETMETADATA: { in: IN, tells: all, run: getMetadata },
  SETMETADATA: { in: IN, tells: all, run: setMetadata },
  SETQUOTA: { in: IN, tells: all, run: setQuota },
  SETACL: { in: IN, tells: all, run: setAcl },
  DELETEACL: { in: IN, tells: all, run: deleteAcl },
  GETACL: { in: IN, tells: all, run: getAcl },
  LISTRIGHTS: { in: IN, tells: all, run: listRights },
  MYRIGHTS: { in: IN, tells: all, run: myRights },
  IDLE: { in: IN, tells: all, run: idle },
  UNAUTHENTICATE: { in: IN, tells: nothing, run: unauthenticate },
  REPLACE: { in: SELECTED, tells: all, run: replace },
  CHECK: { in: SELECTED, tells: all, run: noop },
  CLOSE: { in: SELECTED, tells: nothing, run: close },
  UNSELECT: { in: SELECTED, tells: nothing, run: unselect },
  EXPUNGE: { in: SELECTED, tells: all, run: expunge },
  SEARCH: { in: SELECTED, tells: unlessUid, run: search },
  CANCELUPDATE: { in: SELECTED, tells: all, run: cancelUpdate },
  NOTIFY: { in: IN, tells: nothing, run: notify },
  ESEARCH: { in: IN, tells: all, run: multiSearch },
  SORT: { in: SELECTED, tells: unlessUid, run: sort },
  THREAD: { in: SELECTED, tells: unlessUid, run: thread },
  FETCH: { in: SELECTED, tells: unlessUid, run: fetch },
  STORE: { in: SELECTED, tells: unlessUid, run: store },
  COPY: { in: SELECTED, tells: all, run: copy },
  MOVE: { in: SELECTED, tells: all, run: move },
};
