import type { Uid } from "../store/store.ts";

/** Numbers by UID, ascending: sixteen octets each, where a Map takes forty. Holes stay until there are many. */
export class SeqTable {
  #uids = new Float64Array(16);
  #values = new Float64Array(16);
  #length = 0;
  /** How many of them are of messages that are gone (value -1). */
  #gone = 0;

  /** The value of a UID; 0 where there is none. */
  get(uid: Uid): number {
    const at = this.#find(uid);
    return this.#uids[at] === uid && at < this.#length ? Math.max(0, this.#values[at] ?? 0) : 0;
  }

  /** Sets the value of a UID that is there, or is above all that are. */
  set(uid: Uid, value: number): void {
    const at = this.#find(uid);
    if (at < this.#length && this.#uids[at] === uid) {
      if (this.#values[at] === -1) this.#gone--;
      this.#values[at] = value;
      return;
    }
    if (at < this.#length) this.#insert(at, uid, value);
    else this.#append(uid, value);
  }

  delete(uid: Uid): void {
    const at = this.#find(uid);
    if (at >= this.#length || this.#uids[at] !== uid || this.#values[at] === -1) return;
    this.#values[at] = -1;
    this.#gone++;
    if (this.#gone > 64 && this.#gone * 2 > this.#length) this.#compact();
  }

  #find(uid: Uid): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#uids[middle] ?? 0) < uid) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #append(uid: Uid, value: number): void {
    if (this.#length === this.#uids.length) this.#grow();
    this.#uids[this.#length] = uid;
    this.#values[this.#length++] = value;
  }

  /** For a UID that comes out of order; rare, so the rest is moved. */
  #insert(at: number, uid: Uid, value: number): void {
    if (this.#length === this.#uids.length) this.#grow();
    this.#uids.copyWithin(at + 1, at, this.#length);
    this.#values.copyWithin(at + 1, at, this.#length);
    this.#uids[at] = uid;
    this.#values[at] = value;
    this.#length++;
  }

  #grow(): void {
    const uids = new Float64Array(this.#uids.length * 2);
    const values = new Float64Array(uids.length);
    uids.set(this.#uids);
    values.set(this.#values);
    this.#uids = uids;
    this.#values = values;
  }

  #compact(): void {
    let to = 0;
    for (let at = 0; at < this.#length; at++) {
      if (this.#values[at] === -1) continue;
      this.#uids[to] = this.#uids[at] ?? 0;
      this.#values[to++] = this.#values[at] ?? 0;
    }
    this.#length = to;
    this.#gone = 0;
  }
}
