import type { AccountId, Directory, Resolution } from "../account/directory.ts";
import type { Address } from "../mail/address.ts";

/** A directory whose answers come from another one, which a reload replaces: everybody keeps the one object. */
export class SwappableDirectory implements Directory {
  #current: Directory;

  constructor(first: Directory) {
    this.#current = first;
  }

  swap(next: Directory): void {
    this.#current = next;
  }

  isLocal(domain: string): boolean {
    return this.#current.isLocal(domain);
  }
  resolve(recipient: Address): Resolution {
    return this.#current.resolve(recipient);
  }
  maySendAs(account: AccountId, sender: Address): boolean {
    return this.#current.maySendAs(account, sender);
  }
  accounts(): readonly AccountId[] {
    return this.#current.accounts();
  }
}
