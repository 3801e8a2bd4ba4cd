/**
 * JSON and XML files from outside, read in a process of their own, and their outlines painted there: a file that is made
 * to fill the memory, or to draw for ever, is refused by name and costs nothing else.
 */
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import { isolated } from '../../isolated/processes.ts';
import type { FileReader } from '../files.ts';
import { sent } from '../sent-file.ts';
import { AnsweredContent, AnsweredPaint, type JsonRequest } from './json-messages.ts';
import type { JsonOf, JsonShape } from './json-shapes.ts';
import type { PaintedShape, PaintReport, ShapeGround } from './paint-shapes.ts';
import type { LabelContent } from './shapes.ts';
import { partFile } from '../../parts.ts';

/** JavaScript's strings end at about this many characters. */
const MAX_BYTES = 500_000_000;
/** As text, as values, as entries, and as the answer. */
const COPIES = 12;
/** Of an image: its labels, whose they are, and what their values look like. */
const BYTES_OF_PIXEL = 64;
/** Of an annotation and of each of its numbers. */
const BYTES_OF_NUMBER = 32;
/** As often as objects lie over one another: each is painted. */
const LAYERS = 4;

/** By its path: tests of the window bundle what is written as `new URL` for a browser. */
const ENTRY = pathToFileURL(partFile('data/import/json-process'));
const readers = isolated(ENTRY, { most: Math.min(2, availableParallelism()) });

/** Errors: unreadable (no file, not JSON, not of that shape, made to do harm), unsupported (too large). */
export async function readJson<Shape extends JsonShape>(
  path: string,
  reader: FileReader,
  shape: Shape,
): Promise<JsonOf<Shape>> {
  const file = await reader.open(path);
  const { sizeBytes: size } = file;
  if (size > MAX_BYTES) {
    const message = `${path} has ${Math.round(size / 1e6)} MB of JSON; up to ${MAX_BYTES / 1e6} MB can be read. Split it first.`;
    throw new AppError('unsupported', message, { subject: path });
  }
  const request: JsonRequest = { what: 'read', path, file: sent(file), shape };
  const needs = { subject: path, fileBytes: size, memoryBytes: COPIES * size, workBytes: size };
  const answer = await readers.use((ask) => ask(request, needs));
  // It was checked where it was read.
  return z.custom<JsonOf<Shape>>().parse(answer);
}

/** XML is read in one piece, and its text is kept beside it. */
const MAX_XML_BYTES = 2 ** 28;

/** Bytes of outlines as numbers. */
const MAX_ROI_BYTES = 2 ** 27;

interface WholeFile {
  readonly what: 'xml' | 'rois';
  readonly most: number;
  readonly kind: string;
}

async function readWhole(
  path: string,
  reader: FileReader,
  { what, most, kind }: WholeFile,
): Promise<LabelContent> {
  const file = await reader.open(path);
  const { sizeBytes: size } = file;
  if (size > most) {
    const message = `${path} has ${Math.round(size / 1e6)} MB of ${kind}; up to ${Math.round(most / 1e6)} MB can be read. Export it in parts.`;
    throw new AppError('unsupported', message, { subject: path });
  }
  const request: JsonRequest = { what, path, file: sent(file) };
  const needs = { subject: path, fileBytes: size, memoryBytes: COPIES * size, workBytes: size };
  return AnsweredContent.parse(await readers.use((ask) => ask(request, needs)));
}

/** CVAT's XML. Errors: unreadable (not well-formed, not CVAT's, made to do harm), unsupported (too large). */
export const readForeignXml = (path: string, reader: FileReader): Promise<LabelContent> =>
  readWhole(path, reader, { what: 'xml', most: MAX_XML_BYTES, kind: 'XML' });

/** ImageJ's ROIs. Errors: unreadable (damaged, no ROIs, made to do harm), unsupported (too large). */
export const readForeignRois = (path: string, reader: FileReader): Promise<LabelContent> =>
  readWhole(path, reader, { what: 'rois', most: MAX_ROI_BYTES, kind: 'ROIs' });

const numbersIn = ({ outline }: PaintedShape): number => {
  if ('counts' in outline) return outline.counts.length;
  if ('runs' in outline) return outline.runs.length;
  const rings = 'rings' in outline ? outline.rings : outline;
  return rings.reduce((sum, ring) => sum + ring.length, 0);
};

/** paint-shapes.ts' paintShapes. `path`: of the file with the annotations. Errors: unreadable, where they are made to do harm. */
export async function paintForeign(
  shapes: readonly PaintedShape[],
  { path, size, beneath, blank }: ShapeGround & Pick<Paint, 'path' | 'size'>,
): Promise<PaintReport> {
  const request: JsonRequest = { what: 'paint', path, shapes, size, beneath, blank };
  const pixels = size[0] * size[1];
  const numbers = shapes.reduce((sum, one) => sum + 1 + numbersIn(one), 0);
  const needs = {
    subject: path,
    fileBytes: BYTES_OF_NUMBER * numbers,
    memoryBytes: BYTES_OF_PIXEL * pixels,
    workBytes: LAYERS * pixels,
  };
  return AnsweredPaint.parse(await readers.use((ask) => ask(request, needs)));
}
type Paint = Extract<JsonRequest, { what: 'paint' }>;
