/** Alice and Bob on one server over a Maildir in memory: what she shares, he may use. */
import { MaildirStore } from "../../mod/maildir/store.ts";
import { changeAcl } from "../../mod/store/acl.ts";
import { parseRights } from "../../mod/store/rights.ts";
import type { Sharing } from "../../mod/store/sharing.ts";
import type { AccountMail, QuotaLimit } from "../../mod/store/store.ts";
import { assert } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ALICE, BOB, ImapClient, type ImapServer, imapServer } from "../support/imap_server.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";

export interface SharedBench {
  readonly fs: MemFs;
  /** The store's. */
  readonly clock: FakeClock;
  readonly store: MaildirStore;
  readonly sharing: Sharing;
  readonly server: ImapServer;
  /** Who there is; take one out to remove the account. */
  readonly people: Set<string>;
  /** Alice's mail, as if she had logged in. */
  readonly hers: AccountMail;
  readonly bob: ImapClient;
  /** Gives rights in a mailbox of Alice's, to Bob unless said otherwise. */
  give(mailbox: string, letters: string, id?: string): Promise<void>;
  /** Ends it all. */
  end(): Promise<void>;
}

/** Where Bob finds a mailbox of Alice's. */
export function hers(name: string, separator = "."): string {
  return separator === "." ? `shared.alice@example^test.${name}` : `shared/${ALICE}/${name}`;
}

export async function sharedBench(
  { separator = ".", quota = () => null }: {
    readonly separator?: string;
    readonly quota?: (account: string) => QuotaLimit | null;
  } = {},
): Promise<SharedBench> {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/mail"] });
  const ports = { fs, clock, random: new SeededRandom(1), log: new MemoryLog() };
  const store = new MaildirStore({ ...ports, root: "/mail", hostname: "host", pid: 1, separator, quota });
  const people = new Set([ALICE, BOB]);
  const sharing = await store.sharing({ has: (id) => people.has(id), all: () => [...people] });
  const server = imapServer({ store, sharing });
  return {
    fs,
    clock,
    store,
    sharing,
    server,
    people,
    hers: await store.account(ALICE),
    bob: await ImapClient.loggedIn(server, undefined, BOB),
    give: async (mailbox, letters, id = `user=${BOB}`) => {
      const entry = { id, negative: false, rights: parseRights(letters) ?? 0 };
      const done = await sharing.change(ALICE, mailbox, (acl) => changeAcl(acl, ALICE, entry, "replace"));
      assert(done.ok);
    },
    end: async () => {
      server.stop.abort();
      await store.close();
    },
  };
}
