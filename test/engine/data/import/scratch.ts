/** A temporary folder with a project and image files, for the tests of import and export. */
import { encode } from 'fast-png';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createProject, type Project } from '../../../../engine/db/project.ts';

export interface Scratch {
  readonly dir: string;
  readonly project: Project;
  /** Writes a file beneath the folder; returns its absolute path. */
  write(path: string, content: Uint8Array | string): string;
  path(...segments: string[]): string;
}

/** Removed when the test is over. */
export function scratch(): Scratch {
  const dir = mkdtempSync(join(tmpdir(), 'graft-data-'));
  const project = createProject(join(dir, 'test.graft'));
  onTestFinished(() => {
    project.close();
    rmSync(dir, { recursive: true });
  });
  return {
    dir,
    project,
    write(path, content) {
      const file = join(dir, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    path: (...segments) => join(dir, ...segments),
  };
}

/** An 8-bit grey PNG; without values its pixels are all `fill`. */
export function greyPng(
  width: number,
  height: number,
  values: number | readonly number[] = 0,
): Uint8Array {
  const data =
    typeof values === 'number'
      ? new Uint8Array(width * height).fill(values)
      : Uint8Array.from(values);
  return encode({ width, height, data, channels: 1 });
}

/** An index PNG with an arbitrary palette. */
export const indexPng = (width: number, height: number, values: readonly number[]): Uint8Array =>
  encode({
    width,
    height,
    data: Uint8Array.from(values),
    channels: 1,
    palette: Array.from({ length: 256 }, (_, i) => [i, 255 - i, (i * 7) & 255]),
  });

/** An RGB PNG whose pixels follow from a seed, so that files differ. */
export const rgbPng = (width: number, height: number, seed: number): Uint8Array =>
  encode({
    width,
    height,
    data: Uint8Array.from(
      { length: width * height * 3 },
      (_, i) => (Math.imul(i + 1 + seed * 7919, 0x9e3779b1) >>> 11) & 255,
    ),
    channels: 3,
  });
