import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import config from '../../build/electron-builder.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const outside = [config.extraResources ?? []]
  .flat()
  .flatMap((one) => (typeof one === 'object' && 'to' in one ? [one] : []));
const places = outside.map(({ to }) => to);

describe('an installed Graft', () => {
  it('keeps the shell alone in the archive', () => {
    expect(config.asar).toBe(true);
    expect(config.files).toContain('!node_modules');
  });

  it('has the engine, its Node and its packages beside the archive as ordinary files', () => {
    expect(places).toEqual(
      expect.arrayContaining(['engine', 'shared', 'samples'].map((name) => `graft/${name}`)),
    );
    expect(outside.find(({ to }) => /^graft\/node(\.exe)?$/.test(to ?? ''))?.from).toBe(
      process.execPath,
    );
    for (const name of ['sharp', 'better-sqlite3', 'ws', 'zod']) {
      expect(places).toContain(`graft/node_modules/${name}`);
    }
  });

  it('takes nothing along that is not there', () => {
    const built = ['dist/renderer', 'dist/engine'];
    for (const { from = '' } of outside) {
      if (!built.includes(from))
        expect(existsSync(join(ROOT, from)) || existsSync(from)).toBe(true);
    }
  });

  it('neither runs as Node nor listens to an inspector, and opens .graft files', () => {
    expect(config.electronFuses).toMatchObject({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      onlyLoadAppFromAsar: true,
    });
    expect(config.fileAssociations).toMatchObject([{ ext: 'graft' }]);
  });
});
