/** Runs jobs one after another, in the order they were asked for. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** How many jobs run or wait. */
  get busy(): number {
    return this.#waiting;
  }

  run<T>(job: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const done = this.#last.then(job, job);
    const ended = () => {
      this.#waiting--;
    };
    this.#last = done.then(ended, ended);
    return done;
  }
}
