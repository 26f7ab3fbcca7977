/** What a rehearsed session works with: the server's own rooms, over ports that keep nothing. */
import type { Directory } from "../../account/directory.ts";
import type { Fs } from "../../base/fs.ts";
import { ok } from "../../base/result.ts";
import type { JunkPlaces } from "../../inbound/junk_folder.ts";
import type { DeliveryOutcome, Store } from "../../store/store.ts";
import type { Envelope, Submitter } from "../../queue/types.ts";

/** What only reads. */
const READS: ReadonlySet<string> = new Set([
  "stat",
  "statSync",
  "list",
  "open",
  "readFile",
  "readInto",
  "readStart",
  "readHead",
  "space",
]);

/** The files as they are; what would change them fails. */
export function readOnly(fs: Fs): Fs {
  return new Proxy(fs, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      if (READS.has(String(key))) return value.bind(target);
      return async (path: string) => {
        // A folder that is there need not be made.
        if (key !== "makeDir" || !await target.stat(path)) {
          throw new Error("Cannot change files in a rehearsal");
        }
      };
    },
  });
}

/** The folders of accounts as they are: none of one that has no mail yet, and what would be made is not. */
export function dryMail(real: Store): JunkPlaces {
  return {
    async account(id) {
      const mail = await real.account(id).catch(() => null);
      return {
        list: async () => await mail?.list() ?? [],
        create: () => Promise.resolve(ok(undefined)),
      };
    },
  };
}

/** A store that takes everything there is room for and keeps nothing. */
export function dryStore(real: Store): Pick<Store, "deliver"> {
  return {
    async deliver(targets, body) {
      return await Promise.all(targets.map(async ({ account, mailbox }): Promise<DeliveryOutcome> => {
        const quota = await real.account(account).then((mail) => mail.quota()).catch(() => null);
        const { octets = null, messages = null } = quota?.limit ?? {};
        const full = octets !== null && (quota?.used.octets ?? 0) + body.size > octets ||
          messages !== null && (quota?.used.messages ?? 0) + 1 > messages;
        return full ? { kind: "over-quota" } : { kind: "delivered", mailbox, file: "" };
      }));
    },
  };
}

/** A queue that remembers what it was handed. */
export function dryQueue(): Submitter & { readonly submitted: readonly Envelope[] } {
  const submitted: Envelope[] = [];
  return {
    submitted,
    submit: (envelope) => Promise.resolve(`rehearsal-${submitted.push(envelope)}`),
  };
}

/** Where a recipient leads, in words. */
export function whereTo(
  directory: Directory,
  text: string,
  address: Parameters<Directory["resolve"]>[0],
): string {
  const found = directory.resolve(address);
  switch (found.kind) {
    case "targets": {
      const ends = found.targets.map((t) =>
        t.kind === "forward"
          ? `${t.address.local}@${t.address.domain} elsewhere`
          : `the mailbox of ${t.account}${t.detail === null ? "" : `, tag "${t.detail}"`}`
      );
      return `${text} leads to ${ends.join(" and ")}${
        found.returnPath ? " (a return address of what was forwarded)" : ""
      }`;
    }
    case "unknown-user":
      return found.returnPath
        ? `${text} has the form of a return address, but none of ours`
        : `${text} is nobody here`;
    case "disabled":
      return `${text} is disabled`;
    case "not-local":
      return `${text} is not ours`;
    case "temp":
      return `${text} cannot be looked up now: ${found.why}`;
  }
}
