/**
 * Run `work` for 0 … count - 1, at most `atOnce()` at a time, which may change on the way.
 *
 * After the first error no further work starts; the error is thrown when the running work has ended.
 */
export async function inParallel(
  count: number,
  atOnce: () => number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for (let index = 0; index < count && !failures.length; index++) {
    const job: Promise<void> = work(index)
      .catch((error) => {
        failures.push(error);
      })
      .finally(() => running.delete(job));
    running.add(job);
    while (running.size >= atOnce() && !failures.length) await Promise.race(running);
  }
  await Promise.all(running);
  if (failures.length) throw failures[0];
}
