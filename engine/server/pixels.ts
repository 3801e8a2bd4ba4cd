/**
 * Pixels over HTTP: thumbnails, images, label maps, predictions; and label maps back.
 * What the query means is said at each route; errors go out as the wire form of AppError.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { endianness } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { sampleBytes } from '../data/decoded-image.ts';
import { readImage } from '../data/image-source.ts';
import { saveLabelMap } from '../data/save-label-map.ts';
import type { Project } from '../db/project.ts';
import type { Engine } from '../engine.ts';
import { readBody, reply, replyJson } from './reply.ts';
import { createThumbnails } from './thumbnails.ts';

/** The worst case of a 16,384² label map is larger, and is not a label map anybody drew. */
const MAX_LABEL_MAP_BYTES = 2 ** 28;
/** Addresses that carry a version never change what they show. */
const FOREVER = { 'cache-control': 'private, max-age=86400, immutable' };
const HEADER_BYTES = 16;

const id = z.coerce.number().int().positive();
const Thumbnail = z.object({
  project: z.string(),
  image: id,
  side: z.coerce.number().int().min(16).max(2048),
  labels: z.literal('1').optional(),
  /** Revision or other mark of the content: with it the answer may be kept. */
  v: z.string().optional(),
});
const Image = z.object({ project: z.string(), image: id });
const Original = Image.extend({ v: z.string().optional() });
const LabelMapQuery = Image.extend({ revision: id.optional() });
const Prediction = Image.extend({ run: id });
const Save = Image.extend({
  author: z.enum(['human', 'corrected']),
  run: id.optional(),
  base: id.optional(),
});

function parseQuery<Schema extends z.ZodType>(schema: Schema, url: URL): z.output<Schema> {
  const parsed = schema.safeParse(Object.fromEntries(url.searchParams));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError(
    'invalid-input',
    `${url.pathname}: ${issue?.path.join('.') ?? 'query'} is wrong.`,
  );
}

/** Samples that a window can take up. */
const MAX_SHOWN_BYTES = 2 ** 30;

function assertShowable(image: ImageRecord): void {
  const { name } = image;
  const bytes = sampleBytes(image);
  if (bytes <= MAX_SHOWN_BYTES) return;
  throw new AppError(
    'unsupported',
    `${name} holds ${(bytes / 1e9).toFixed(1)} GB of samples; up to ${(MAX_SHOWN_BYTES / 1e9).toFixed(1)} GB can be shown at full resolution. It can be trained on and predicted all the same: import its labels as masks, or cut it into tiles to paint on.`,
    { subject: name },
  );
}

export interface Pixels {
  /** Answers a request under /pixels/; false where there is no such route. */
  answer(request: IncomingMessage, url: URL, response: ServerResponse): Promise<boolean>;
}

export function createPixels(engine: Engine): Pixels {
  const thumbnails = createThumbnails();

  function projectOf(path: string): Project {
    const found = engine.projects.list().find(({ db }) => db.path === resolve(path));
    if (found === undefined) throw new AppError('not-found', `${path} is not open.`);
    return found.db;
  }

  function imageOf(db: Project, imageId: number): ImageRecord {
    const image = db.datasets.image(imageId);
    if (image === undefined) throw new AppError('not-found', `There is no image ${imageId}.`);
    return image;
  }

  /** `?project=&image=&side=[&labels=1][&v=]`: PNG, no side longer than `side`. */
  async function thumbnail(url: URL, response: ServerResponse): Promise<void> {
    const { project, image, side, labels, v } = parseQuery(Thumbnail, url);
    const db = projectOf(project);
    const request = { image: imageOf(db, image), maxSidePx: side, withLabels: labels === '1' };
    const png = await thumbnails.png(db, request, () => !response.destroyed);
    if (png !== null) reply(response, 200, 'image/png', png, v === undefined ? {} : FOREVER);
  }

  /**
   * `?project=&image=[&v=]`: little-endian; uint32 width, height, channels, bit depth (8, 16, 32), then the samples
   * [height, width, channels] as uint8, uint16 or float32.
   */
  async function image(url: URL, response: ServerResponse): Promise<void> {
    const query = parseQuery(Original, url);
    const db = projectOf(query.project);
    const record = imageOf(db, query.image);
    assertShowable(record);
    const { width, height, channels, bitDepth, data } = await readImage(db, record);
    if (endianness() !== 'LE') throw new AppError('unsupported', 'Big-endian machines are not.');
    const samples = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const body = new Uint8Array(HEADER_BYTES + samples.length);
    const header = new DataView(body.buffer);
    [width, height, channels, bitDepth].forEach((value, i) => header.setUint32(4 * i, value, true));
    body.set(samples, HEADER_BYTES);
    reply(response, 200, 'application/octet-stream', body, query.v === undefined ? {} : FOREVER);
  }

  /** `?project=&image=[&revision=]`: the current or an older label map, its id in `x-revision`. */
  function labelMap(url: URL, response: ServerResponse): void {
    const query = parseQuery(LabelMapQuery, url);
    const db = projectOf(query.project);
    const { name, labelMapId } = imageOf(db, query.image);
    const revision = query.revision ?? labelMapId;
    if (revision === null) throw new AppError('not-found', `${name} has no labels yet.`);
    const bytes = db.labelMaps.bytes(revision);
    if (bytes === undefined || db.labelMaps.get(revision)?.imageId !== query.image) {
      throw new AppError('not-found', `${name} has no label map ${revision}.`);
    }
    reply(response, 200, 'application/octet-stream', bytes, { 'x-revision': String(revision) });
  }

  /** `?project=&run=&image=`: what a run predicted for a test image. */
  function prediction(url: URL, response: ServerResponse): void {
    const query = parseQuery(Prediction, url);
    const bytes = projectOf(query.project).runs.prediction(query.run, query.image);
    if (bytes === undefined) {
      throw new AppError('not-found', `Run ${query.run} kept no prediction of this image.`);
    }
    reply(response, 200, 'application/octet-stream', bytes);
  }

  /** `?project=&image=&author=human|corrected[&run=][&base=]`, body: label map code. Answers when it is on disk. */
  async function save(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    const query = parseQuery(Save, url);
    const db = projectOf(query.project);
    const image = imageOf(db, query.image);
    const bytes = await readBody(request, MAX_LABEL_MAP_BYTES);
    const revision = saveLabelMap(db, {
      image,
      author: query.author,
      runId: query.run ?? null,
      base: query.base ?? null,
      bytes,
    });
    engine.emit({
      type: 'image.labelled',
      project: db.path,
      datasetId: image.datasetId,
      imageId: image.id,
      labelMapId: revision,
    });
    replyJson(response, 200, { id: revision });
  }

  return {
    async answer(request, url, response) {
      switch (`${request.method ?? ''} ${url.pathname}`) {
        case 'GET /pixels/thumbnail':
          await thumbnail(url, response);
          return true;
        case 'GET /pixels/image':
          await image(url, response);
          return true;
        case 'GET /pixels/label-map':
          labelMap(url, response);
          return true;
        case 'GET /pixels/prediction':
          prediction(url, response);
          return true;
        case 'PUT /pixels/label-map':
          await save(request, url, response);
          return true;
        default:
          return false;
      }
    },
  };
}
