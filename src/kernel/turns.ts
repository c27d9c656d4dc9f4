/** Lets one act at a time happen for each key, in the order they came; keys do not wait for each other. */
export class Turns<Key> {
  private readonly last = new Map<Key, Promise<unknown>>();

  /** Resolves or rejects as `act` does. */
  take<T>(key: Key, act: () => T | Promise<T>): Promise<T> {
    const turn = (this.last.get(key) ?? Promise.resolve()).then(act, act);
    const settled = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.last.get(key) === settled) this.last.delete(key);
      });
    this.last.set(key, settled);
    return turn;
  }

  /** Resolves once all that was to be done until now has been. */
  async over(): Promise<void> {
    await Promise.all(this.last.values());
  }
}
