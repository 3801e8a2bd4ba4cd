import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EMBEDDING } from '../../../engine/prompts/frame.ts';
import { PictureCache } from '../../../engine/prompts/picture-cache.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

const seen = (value: number) => new Float32Array(EMBEDDING.length).fill(value);
const BYTES = 4 * EMBEDDING.length + 32;

describe('what networks saw', () => {
  it('is kept from one opening of the project to the next, the last used longest', () => {
    const path = join(temporaryFolder(), 'p.graft');
    const before = new PictureCache(path, 2 * BYTES);
    const folder = `${path}-prompts`;
    ['a', 'b'].forEach((key, i) => {
      before.put(key, seen(i));
      utimesSync(join(folder, `${key}.embedding`), 1000 + i, 1000 + i);
    });
    // Used again: not the oldest any more.
    expect(new PictureCache(path).get('a')?.[5]).toBe(0);
    new PictureCache(path, 2 * BYTES).put('c', seen(2));
    expect(readdirSync(folder).toSorted()).toEqual(['a.embedding', 'c.embedding']);
    expect(new PictureCache(path).get('b')).toBeUndefined();
  });

  it('is looked at again where a byte of it has changed', () => {
    const path = join(temporaryFolder(), 'p.graft');
    new PictureCache(path).put('a', seen(1));
    const file = join(`${path}-prompts`, 'a.embedding');
    const bytes = readFileSync(file);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect(new PictureCache(path).get('a')).toBeUndefined();
    expect(readdirSync(`${path}-prompts`)).toEqual([]);
  });

  it('is held in memory where the folder cannot be written', () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'p.graft-prompts'), 'a file in its place');
    const cache = new PictureCache(join(dir, 'p.graft'));
    cache.put('a', seen(3));
    expect(cache.get('a')?.[0]).toBe(3);
  });
});
