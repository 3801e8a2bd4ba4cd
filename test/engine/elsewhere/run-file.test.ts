import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBundle, readRunFile } from '../../../engine/elsewhere/bundle.ts';
import { decodeRunFile, encodeRunFile, type RunFile } from '../../../engine/elsewhere/run-file.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

const file: RunFile = {
  ...{ runId: 3, planned: 'a'.repeat(64), state: 'done', startedFrom: null },
  ...{ attempts: [], log: [], events: [{ type: 'done', kept: new Uint8Array([1, 2, 3]) }] },
};

/** With a digest that fits, as somebody would write it who means harm. */
function made(header: string, length = header.length): Uint8Array {
  const size = Buffer.alloc(12);
  size.writeUInt32LE(length);
  size.writeBigUInt64LE(BigInt(8 + 12 + header.length + 32), 4);
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

describe('a bundle from a stranger', () => {
  it.skipIf(process.platform === 'win32')('has no pipe in the place of a file', () => {
    const dir = temporaryFolder();
    const [result, manifest] = [join(dir, '3.run'), join(dir, 'bundle.json')];
    execFileSync('mkfifo', [result, manifest]);
    // Nobody ever writes into them: to read one would take for ever.
    expect(() => readRunFile(result)).toThrow(/3\.run is a pipe, and only ordinary files are read/);
    expect(() => openBundle(dir)).toThrow(/bundle\.json is a pipe/);
  });

  it('has no manifest that is too deep to be looked through', () => {
    const dir = join(temporaryFolder(), 'deep');
    mkdirSync(dir);
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    writeFileSync(join(dir, 'bundle.json'), `{"manifest":${deep},"sha256":""}`);
    expect(() => openBundle(dir)).toThrow(/bundle\.json is cut off or no manifest/);
  });
});
