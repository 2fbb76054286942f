/** Gives up a lock. Safe to call more than once. */
export type Release = () => Promise<void>;

/** A lock across the processes of one OS user, by name. */
export interface Lock {
  /** Takes the lock now or answers undefined: somebody alive holds it. Never waits. */
  tryAcquire(name: string): Promise<Release | undefined>;
}
