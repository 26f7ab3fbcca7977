/** Junk goes where its account keeps it. */
import type { AccountId } from "../account/directory.ts";
import type { Log } from "../base/log.ts";
import { SPECIAL_FOLDERS } from "../store/special_use.ts";
import type { AccountMail } from "../store/store.ts";
import { type Filing, INBOX } from "./dispatch.ts";

/** Folders of accounts, as far as junk needs them. */
export interface JunkPlaces {
  account(id: AccountId): Promise<Pick<AccountMail, "list" | "create">>;
}

const OWN_NAME = SPECIAL_FOLDERS.find((folder) => folder.use === "Junk")?.name ?? "Junk";

/** Files what is judged to be junk into the account's folder for it, all else into INBOX. */
export function filingJunk(store: JunkPlaces, log: Log): Filing {
  return (message, account) => {
    if (!message.junk) return INBOX;
    return junkFolder(store, account).then(
      (mailbox) => ({ ...INBOX, mailbox }),
      (cause) => {
        // The mail must not wait for its folder; by its usual name it may be found all the same.
        log.warn("junk folder not found", { id: message.id, account, why: String(cause) });
        return { ...INBOX, mailbox: OWN_NAME };
      },
    );
  };
}

/** The folder that has the use, else "Junk", made where it is gone; the store takes INBOX where that cannot be. Throws FsError. */
async function junkFolder(store: JunkPlaces, account: AccountId): Promise<string> {
  const mail = await store.account(account);
  const chosen = (await mail.list()).find((entry) => entry.specialUse === "Junk" && entry.exists);
  if (chosen) return chosen.name;
  await mail.create(OWN_NAME, "Junk");
  return OWN_NAME;
}
