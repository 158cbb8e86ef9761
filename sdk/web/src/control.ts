/** A request was aborted because the upload was paused or ended; never shown to the app. */
export class Interrupted extends Error {}

/** Pauses, resumes and ends one upload; every request waits at the checkpoint first. */
export class Control {
  #sending = new AbortController();
  #paused = false;
  #ending: Error | undefined;
  #wake: (() => void)[] = [];

  /** Aborts the requests under way; a new signal after each pause. */
  get signal(): AbortSignal {
    return this.#sending.signal;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  pause(): void {
    if (this.#paused || this.#ending) return;
    this.#paused = true;
    this.#sending.abort();
  }

  resume(): void {
    if (!this.#paused || this.#ending) return;
    this.#paused = false;
    this.#sending = new AbortController();
    this.#wakeAll();
  }

  /** End the upload: every later checkpoint throws `error`. */
  end(error: Error): void {
    if (this.#ending) return;
    this.#ending = error;
    this.#sending.abort();
    this.#wakeAll();
  }

  /** Return at once while running, after the pause while paused; throw once ended. */
  async checkpoint(): Promise<void> {
    while (this.#paused && !this.#ending) await new Promise<void>((go) => this.#wake.push(go));
    if (this.#ending) throw this.#ending;
  }

  /** Wait `milliseconds`, or until `until` fires or the upload is paused or ended. */
  async sleep(milliseconds: number, until?: { target: EventTarget; event: string }): Promise<void> {
    const signal = this.signal;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        until?.target.removeEventListener(until.event, done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener("abort", done);
      until?.target.addEventListener(until.event, done);
    });
  }

  #wakeAll(): void {
    for (const go of this.#wake.splice(0)) go();
  }
}
