import type { Mailbox, MailboxChange } from "../store/store.ts";
import { View, type ViewSource } from "./view.ts";

/** The mailbox a session has selected. Its listener lives until `close`. */
export class Selected {
  readonly mailbox: Mailbox;
  readonly view: View;
  readonly readOnly: boolean;
  /** Our name in change notices: what we set ourselves is not told again. */
  readonly token: object = {};
  #gone = false;
  readonly #unlisten: () => void;

  /** `news` is called (often more than once) when there may be something to tell, or when the mailbox is gone. */
  constructor(mailbox: Mailbox, readOnly: boolean, news: () => void) {
    this.mailbox = mailbox;
    this.readOnly = readOnly;
    this.view = new View(readOnly ? peeking(mailbox) : mailbox, this.token);
    this.#unlisten = mailbox.listen((change: MailboxChange) => {
      if (change.kind === "gone") this.#gone = true;
      else if (!this.view.note(change)) return;
      news();
    });
  }

  /** The folder was removed, renamed or has a new UIDVALIDITY: nothing the client knows is true any more. */
  get gone(): boolean {
    return this.#gone;
  }

  close(): void {
    this.#unlisten();
    this.mailbox.close();
  }
}

/** For EXAMINE: what is recent stays so for the next session (RFC 3501 6.3.2). */
function peeking(mailbox: Mailbox): ViewSource {
  return {
    get messages() {
      return mailbox.messages;
    },
    claimRecent: () => mailbox.peekRecent?.() ?? mailbox.uidNext - 1,
  };
}
