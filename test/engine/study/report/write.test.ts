import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResultsFile } from '../../../../engine/study/report/results.ts';
import { writeReport } from '../../../../engine/study/report/write.ts';
import { reportFixture } from './fixture.ts';

describe('writing a report', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'graft-report-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('makes the folder and leaves the five files and nothing else', async () => {
    const { data, runs } = await reportFixture({ seeds: 2 });
    const out = path.join(dir, 'a', 'b');
    const files = await writeReport(out, data, runs);
    expect((await readdir(out)).sort()).toEqual([
      'report.html',
      'results-classes.csv',
      'results-comparisons.csv',
      'results-images.csv',
      'results.csv',
      'results.json',
    ]);
    expect(await readFile(files.html, 'utf8')).toMatch(/^<!doctype html>/);
    ResultsFile.parse(JSON.parse(await readFile(files.json, 'utf8')));
    expect(await readFile(files.csv, 'utf8')).toMatch(/^pretraining,transfer/);
    expect(await readFile(files.imagesCsv, 'utf8')).toMatch(/^pretraining,transfer/);
  });

  it('replaces an earlier report', async () => {
    const { data, runs } = await reportFixture({ seeds: 2 });
    await writeFile(path.join(dir, 'report.html'), 'old');
    const { html } = await writeReport(dir, data, runs);
    expect(await readFile(html, 'utf8')).toMatch(/^<!doctype html>/);
  });

  it('leaves an earlier report whole where a new one cannot be written', async () => {
    const { data, runs } = await reportFixture({ seeds: 2 });
    await writeFile(path.join(dir, 'report.html'), 'old');
    const broken = {
      ...data,
      examples: data.examples.map((example) => ({ ...example, image: 'image.png' })),
    };
    await expect(writeReport(dir, broken, runs)).rejects.toThrow();
    expect(await readFile(path.join(dir, 'report.html'), 'utf8')).toBe('old');
    expect(await readdir(dir)).toEqual(['report.html']);
  });

  it('names the folder that it cannot write to', async () => {
    const { data, runs } = await reportFixture({ seeds: 2 });
    const file = path.join(dir, 'file');
    await writeFile(file, '');
    await expect(writeReport(file, data, runs)).rejects.toMatchObject({
      code: 'unreadable',
      subject: file,
    });
  });
});
