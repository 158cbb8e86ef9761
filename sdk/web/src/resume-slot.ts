import { SourceChanged } from "./errors";
import { fingerprint, type ResumeStore, type Unfinished } from "./resume";

/** Keys of uploads that run in this page: a second upload of the same content must not share the first one's session. */
const active = new Set<string>();

/** One upload's entry in the resume store; does nothing without a store, or while the page uploads the same content. */
export class ResumeSlot {
  readonly #store: ResumeStore | undefined;
  #key = "";

  constructor(store: ResumeStore | undefined) {
    this.#store = store;
  }

  /** Take the entry for these files; `scope` separates different uploads of the same content. */
  async claim(scope: readonly string[], files: readonly File[]): Promise<void> {
    if (!this.#store) return;
    const prints = await Promise.all(files.map(fingerprint)).catch(() => {
      throw new SourceChanged("the file cannot be read: it was changed, moved or removed");
    });
    const key = [...scope, ...prints].join(" ");
    if (active.has(key)) return;
    active.add(key);
    this.#key = key;
  }

  /** Let another upload of this page take the entry. */
  release(): void {
    active.delete(this.#key);
  }

  load(): Unfinished | undefined {
    return this.#key ? this.#store?.load(this.#key) : undefined;
  }

  save(unfinished: Unfinished): void {
    if (this.#key) this.#store?.save(this.#key, unfinished);
  }

  forget(): void {
    if (this.#key) this.#store?.forget(this.#key);
  }
}
