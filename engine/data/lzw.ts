/** LZW as TIFF 6.0 defines it (section 13): codes of 9 to 12 bits, high bits first, widened one code early. */

const CLEAR = 256;
const END = 257;
const FIRST_FREE = 258;
const MIN_BITS = 9;
const MAX_BITS = 12;
const TABLE = 2 ** MAX_BITS;

/**
 * What the codes stand for, at most its first `mostBytes`. Errors: Error, where a code stands for nothing. Data that is
 * cut off gives what was there.
 */
export function decodeLzw(input: Uint8Array, mostBytes: number): Uint8Array<ArrayBuffer> {
  // A code stands for what its prefix stands for, and one byte more.
  const prefix = new Uint16Array(TABLE);
  const last = Uint8Array.from({ length: TABLE }, (_, code) => code & 255);
  const first = last.slice();
  const length = new Uint16Array(TABLE).fill(1);
  // One code more than is wanted fits, so that none has to be cut while it is written.
  const room = mostBytes + TABLE;
  let out = new Uint8Array(Math.min(4 * input.length + TABLE, room));
  let written = 0;
  let free = FIRST_FREE;
  let bits = MIN_BITS;
  let previous = -1;
  let held = 0;
  let holds = 0;
  let at = 0;
  while (written < mostBytes) {
    while (holds < bits && at < input.length) {
      held = ((held << 8) | (input[at++] ?? 0)) & 0xff_ffff;
      holds += 8;
    }
    if (holds < bits) break;
    holds -= bits;
    const code = (held >>> holds) & ((1 << bits) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      free = FIRST_FREE;
      bits = MIN_BITS;
      previous = -1;
      continue;
    }
    if (code > free || (code === free && previous < 0) || (previous < 0 && code > 255)) {
      throw new Error(`LZW code ${code} stands for nothing`);
    }
    if (previous >= 0 && free < TABLE) {
      prefix[free] = previous;
      first[free] = first[previous] ?? 0;
      // A code may stand for what is being added: the previous one, and its first byte again.
      last[free] = (code === free ? first[previous] : first[code]) ?? 0;
      length[free] = (length[previous] ?? 0) + 1;
      free++;
      if (free === 2 ** bits - 1 && bits < MAX_BITS) bits++;
    }
    const count = length[code] ?? 0;
    if (written + count > out.length) {
      const grown = new Uint8Array(Math.min(2 * out.length, room));
      grown.set(out);
      out = grown;
    }
    written += count;
    for (let to = written - 1, from = code, i = 0; i < count; i++, to--) {
      out[to] = last[from] ?? 0;
      from = prefix[from] ?? 0;
    }
    previous = code;
  }
  return out.slice(0, Math.min(written, mostBytes));
}
