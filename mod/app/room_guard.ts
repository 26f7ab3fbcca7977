/** Back-pressure before the disk is full or the queue too long: new messages are put off, what is there is sent and read on. */
import type { Clock } from "../base/clock.ts";
import { ROOM_LOOK } from "../base/limits.ts";
import type { Log } from "../base/log.ts";

export interface RoomLimits {
  /** Octets that are to stay free. */
  readonly diskFree: number;
  readonly queueMessages: number;
}

export interface RoomPorts {
  /** Octets free where mail is kept; null when that cannot be told. */
  free(): Promise<number | null>;
  /** Messages in the queue. */
  queued(): number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Room is back when there is so much more of it than is asked for: a state that comes and goes helps nobody. */
const MARGIN = 0.05;

export class RoomGuard {
  readonly #ports: RoomPorts;
  #limits: RoomLimits;
  #diskShort = false;
  #queueFull = false;

  constructor(ports: RoomPorts, limits: RoomLimits) {
    this.#ports = ports;
    this.#limits = limits;
  }

  /** No message is to be taken. */
  get short(): boolean {
    return this.#diskShort || this.#queueFull;
  }

  /** Other limits, from the next look on. */
  limit(limits: RoomLimits): void {
    this.#limits = limits;
  }

  /** Looks once. Never throws. */
  async look(): Promise<void> {
    const { diskFree, queueMessages } = this.#limits;
    const { log } = this.#ports;
    const free = await this.#ports.free().catch(() => null); // as if it could not be told: mail is better taken
    const diskShort = free !== null && free < diskFree * (this.#diskShort ? 1 + MARGIN : 1);
    if (diskShort !== this.#diskShort) {
      this.#diskShort = diskShort;
      const facts = { free, limit: diskFree };
      if (diskShort) log.warn("disk nearly full: new messages are put off", facts);
      else log.info("disk has room again", facts);
    }
    const queued = this.#ports.queued();
    const queueFull = queued >= queueMessages * (this.#queueFull ? 1 - MARGIN : 1);
    if (queueFull === this.#queueFull) return;
    this.#queueFull = queueFull;
    const facts = { messages: queued, limit: queueMessages };
    if (queueFull) log.warn("queue full: new messages are put off", facts);
    else log.info("queue has room again", facts);
  }

  /** Looks now and then until `stop`. */
  async watch(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.look();
      await this.#ports.clock.sleep(ROOM_LOOK, stop);
    }
  }
}
