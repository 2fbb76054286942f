/** As far as it is used here; Bun has its own beside `node:crypto`, which takes it 6 ms to load. */
interface Hasher {
  update(text: string): Hasher;
  digest(): Uint8Array;
}

/** The hash of a text, by an algorithm such as `sha256`. */
export function digestOf(algorithm: string, text: string): Buffer {
  const { Bun } = globalThis as { Bun?: { CryptoHasher: new (algorithm: string) => Hasher } };
  const hasher: Hasher = Bun
    ? new Bun.CryptoHasher(algorithm)
    : process.getBuiltinModule("node:crypto").createHash(algorithm);
  return Buffer.from(hasher.update(text).digest());
}

/** SHA-256 of a text, hexadecimal. */
export function sha256(text: string): string {
  return digestOf("sha256", text).toString("hex");
}

/** Compares without telling by the time taken how much of it was right. */
export function sameSecret(a: string, b: string): boolean {
  const { timingSafeEqual } = process.getBuiltinModule("node:crypto");
  return timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)));
}
