import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeRunFile, encodeRunFile, type RunFile } from '../../../engine/elsewhere/run-file.ts';

const file: RunFile = {
  ...{ runId: 3, planned: 'a'.repeat(64), state: 'done', startedFrom: null },
  ...{ attempts: [], log: [], events: [{ type: 'done', kept: new Uint8Array([1, 2, 3]) }] },
};

/** With a digest that fits, as somebody would write it who means harm. */
function made(header: string, length = header.length): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(length);
  const body = Buffer.concat([Buffer.from('GRAFTRN1'), size, Buffer.from(header)]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

describe('a file of a run', () => {
  it('is read as it was written', () => {
    expect(decodeRunFile(encodeRunFile(file), '3.run')).toMatchObject(file);
  });

  it('is refused with words where its header is none, whatever its digest says', () => {
    for (const bytes of [made('{'), made('{}', 4_000_000_000), made('null'), made('{"runId":1}')]) {
      expect(() => decodeRunFile(bytes, '3.run')).toThrow('3.run is damaged');
    }
  });
});
