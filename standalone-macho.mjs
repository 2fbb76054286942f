const HEADER = 32;
const MAGIC_64 = 0xfeedfacf;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;

/**
 * A Mach-O file (mach-o/loader.h) without its code signature. Bun signs anew what it makes for arm64; for x64 it leaves the
 * signature of the file it began with, which no longer fits, and macOS ends a program whose signature is wrong. There it
 * starts one that has none.
 *
 * @param {Buffer} file @returns {Buffer}
 */
export function withoutSignature(file) {
  if (file.readUInt32LE(0) !== MAGIC_64) throw new Error("this is no Mach-O file of 64 bits");
  const count = file.readUInt32LE(16);
  let linkedit = 0;
  let at = HEADER;
  for (let command = 0; command < count; command += 1) {
    const kind = file.readUInt32LE(at);
    const size = file.readUInt32LE(at + 4);
    if (kind === LC_SEGMENT_64 && file.toString("latin1", at + 8, at + 24).startsWith("__LINKEDIT\0"))
      linkedit = at;
    if (kind === LC_CODE_SIGNATURE) {
      const start = file.readUInt32LE(at + 8);
      if (command !== count - 1 || linkedit === 0 || start + file.readUInt32LE(at + 12) !== file.length)
        throw new Error("the code signature is not the last part of the file");
      file.fill(0, at, at + size);
      file.writeUInt32LE(count - 1, 16);
      file.writeUInt32LE(file.readUInt32LE(20) - size, 20);
      // Its size in the file ends where the signature began; its room in memory may stay.
      file.writeBigUInt64LE(BigInt(start) - file.readBigUInt64LE(linkedit + 40), linkedit + 48);
      return file.subarray(0, start);
    }
    at += size;
  }
  return file;
}
