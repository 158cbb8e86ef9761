type Listener<T> = (value: T) => void;

/** Events by name, typed by a map from names to values. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Call `listener` at every event of that name. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    const known = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, known.add(listener));
    return this;
  }

  /** Call `listener` at the next event of that name only. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    const single = (value: Events[Name]) => {
      this.off(name, single);
      listener(value);
    };
    return this.on(name, single);
  }

  /** Remove `listener`. */
  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    this.#listeners.get(name)?.delete(listener as Listener<never>);
    return this;
  }

  /** Call all listeners; an exception of one is reported to the page and does not stop the others. */
  protected emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as Listener<Events[Name]>)(value);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}
