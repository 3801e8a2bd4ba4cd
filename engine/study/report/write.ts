/** Writes a study's report: report.html with results.json and four CSV files beside it. */
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { AnalysedRun, ReportData } from '../../../shared/analysis.ts';
import { makeFolder, writeError } from '../../data/write-file.ts';
import { classesCsv, comparisonsCsv, imagesCsv, runsCsv } from './csv.ts';
import { renderReport } from './page.ts';
import { resultsJson } from './results.ts';

/** Paths of the written files. */
export interface ReportFiles {
  readonly html: string;
  readonly json: string;
  readonly csv: string;
  readonly imagesCsv: string;
  readonly classesCsv: string;
  readonly comparisonsCsv: string;
}

/**
 * Makes `dir` where needed. Each file is replaced as a whole, and none before all have been written.
 * Errors: no-space or unreadable, where the folder cannot be written.
 */
export async function writeReport(
  dir: string,
  data: ReportData,
  runs: readonly AnalysedRun[],
): Promise<ReportFiles> {
  const files: ReportFiles = {
    html: path.join(dir, 'report.html'),
    json: path.join(dir, 'results.json'),
    csv: path.join(dir, 'results.csv'),
    imagesCsv: path.join(dir, 'results-images.csv'),
    classesCsv: path.join(dir, 'results-classes.csv'),
    comparisonsCsv: path.join(dir, 'results-comparisons.csv'),
  };
  const texts: readonly (readonly [string, string])[] = [
    [files.html, renderReport(data, runs)],
    [files.json, resultsJson(data, runs)],
    [files.csv, runsCsv(runs)],
    [files.imagesCsv, imagesCsv(runs)],
    [files.classesCsv, classesCsv(runs, data.analysis.classes)],
    [files.comparisonsCsv, comparisonsCsv(data.analysis)],
  ];
  try {
    makeFolder(dir);
    await replaceFiles(texts);
  } catch (error) {
    throw writeError(dir, error);
  }
  return files;
}

/** All or, as far as a file system can promise, none: renamed into place once all are on the disk. */
async function replaceFiles(
  texts: readonly (readonly [file: string, text: string])[],
): Promise<void> {
  const temporary = (file: string) => `${file}.${process.pid}.tmp`;
  try {
    for (const [file, text] of texts) await writeDurably(temporary(file), text);
    for (const [file] of texts) await rename(temporary(file), file);
  } finally {
    for (const [file] of texts) await rm(temporary(file), { force: true });
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
