/**
 * Pixels over HTTP: thumbnails, images, label maps, predictions; and label maps back. What is asked and answered is
 * shared/exchange.ts; errors go out as the wire form of AppError.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import {
  encodeImagePixels,
  OBJECTS_HEADER,
  PIXELS_PATH,
  PIXELS_QUERIES,
  type PixelsKind,
  REVISION_HEADER,
  STEP_HEADER,
  SavedLabelMap,
  SaveQuery,
  SaveScribblesQuery,
} from '../../shared/exchange.ts';
import { encodeObjectMap } from '../../shared/objects/object-map.ts';
import { sampleBytes } from '../data/decoded-image.ts';
import { assertAsLarge, labelMapCode, readImage } from '../data/image-source.ts';
import { objectsOf } from '../data/objects-of.ts';
import type { Project } from '../db/project.ts';
import type { Engine } from '../engine.ts';
import { parseQuery } from './query.ts';
import { readBody, reply, replyJson } from './reply.ts';
import { createThumbnails } from './thumbnails.ts';

/** The worst case of a 16,384² label map is larger, and is not a label map anybody drew. */
const MAX_LABEL_MAP_BYTES = 2 ** 28;
/** Addresses that carry a version never change what they show. */
const FOREVER = { 'cache-control': 'private, max-age=86400, immutable' };
const BYTES = 'application/octet-stream';

/** Samples that a window can take up. */
const MAX_SHOWN_BYTES = 2 ** 30;

/** Of all answers that are being made or read: a window reads a few at once. */
const MAX_UNDER_WAY_BYTES = 4 * MAX_SHOWN_BYTES;
/** For a reader who has stopped. */
const UNREAD_MS = 60_000;

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

function imageOf(db: Project, imageId: number): ImageRecord {
  const image = db.datasets.image(imageId);
  if (image === undefined) throw new AppError('not-found', `There is no image ${imageId}.`);
  return image;
}

/** The label map of an image that is asked for: the current one, where none is named. Errors: not-found. */
function revisionOf(
  db: Project,
  query: { readonly image: number; readonly revision?: number | undefined },
): number {
  const { name, labelMapId } = imageOf(db, query.image);
  const revision = query.revision ?? labelMapId;
  if (revision === null) throw new AppError('not-found', `${name} has no labels yet.`);
  if (db.labelMaps.get(revision)?.imageId === query.image) return revision;
  throw new AppError('not-found', `${name} has no label map ${revision}.`);
}

export interface Pixels {
  /** Answers a request under /pixels/; false where there is no such address. */
  answer(request: IncomingMessage, url: URL, response: ServerResponse): Promise<boolean>;
}

export function createPixels(engine: Engine): Pixels {
  const thumbnails = createThumbnails();
  let underWayBytes = 0;

  /** Makes room for an answer until it has been read, or its reader is gone. Errors: conflict, where there is none. */
  function makeRoom(response: ServerResponse, bytes: number): void {
    if (underWayBytes + bytes > MAX_UNDER_WAY_BYTES) {
      throw new AppError(
        'conflict',
        'Too many large images are asked for at once. Read those that are under way first.',
      );
    }
    underWayBytes += bytes;
    response.once('close', () => (underWayBytes -= bytes));
    response.setTimeout(UNREAD_MS, () => {
      if (response.headersSent) response.destroy();
    });
  }

  const read = {
    async thumbnail(url, response) {
      const { project, image, side, labels, v } = parseQuery(PIXELS_QUERIES.thumbnail, url);
      const { db } = engine.project(project);
      const request = { image: imageOf(db, image), maxSidePx: side, withLabels: labels === '1' };
      const png = await thumbnails.png(db, request, () => !response.destroyed);
      if (png !== null) reply(response, 200, 'image/png', png, v === undefined ? {} : FOREVER);
    },
    async image(url, response) {
      const { project, image, v } = parseQuery(PIXELS_QUERIES.image, url);
      const { db } = engine.project(project);
      const record = imageOf(db, image);
      assertShowable(record);
      makeRoom(response, sampleBytes(record));
      const body = encodeImagePixels(await readImage(db, record));
      reply(response, 200, BYTES, body, v === undefined ? {} : FOREVER);
    },
    'label-map'(url, response) {
      const query = parseQuery(PIXELS_QUERIES['label-map'], url);
      const { db } = engine.project(query.project);
      const revision = revisionOf(db, query);
      const bytes = labelMapCode(db, revision);
      makeRoom(response, bytes.length);
      reply(response, 200, BYTES, bytes, {
        [REVISION_HEADER]: String(revision),
        ...(db.labelMaps.hasObjects(revision) ? { [OBJECTS_HEADER]: 'stored' } : {}),
      });
    },
    async objects(url, response) {
      const query = parseQuery(PIXELS_QUERIES.objects, url);
      const { db } = engine.project(query.project);
      const revision = revisionOf(db, query);
      await assertAsLarge(db, imageOf(db, query.image));
      const { objects, from } = objectsOf(db, revision);
      const bytes = encodeObjectMap(objects);
      makeRoom(response, bytes.length);
      reply(response, 200, BYTES, bytes, {
        [REVISION_HEADER]: String(revision),
        [OBJECTS_HEADER]: from,
      });
    },
    scribbles(url, response) {
      const { project, image } = parseQuery(PIXELS_QUERIES.scribbles, url);
      const { db } = engine.project(project);
      const { name } = imageOf(db, image);
      const bytes = db.assist.scribbles(image);
      if (bytes === undefined) throw new AppError('not-found', `${name} has no scribbles.`);
      makeRoom(response, bytes.length);
      reply(response, 200, BYTES, bytes);
    },
    prediction(url, response) {
      const { project, run, image } = parseQuery(PIXELS_QUERIES.prediction, url);
      const bytes = engine.project(project).db.runs.prediction(run, image);
      if (bytes === undefined) {
        throw new AppError('not-found', `Run ${run} kept no prediction of this image.`);
      }
      makeRoom(response, bytes.length);
      reply(response, 200, BYTES, bytes);
    },
    scores(url, response) {
      const { project, prediction } = parseQuery(PIXELS_QUERIES.scores, url);
      const bytes = engine.project(project).predictor.scores(prediction);
      if (bytes === undefined) {
        throw new AppError('not-found', 'This prediction is no longer there. Predict once more.');
      }
      makeRoom(response, bytes.length);
      reply(response, 200, BYTES, bytes);
    },
    measures(url, response) {
      const { project, table } = parseQuery(PIXELS_QUERIES.measures, url);
      const bytes = engine.project(project).measures.get(table);
      if (bytes === undefined) {
        throw new AppError('not-found', 'These measurements are no longer there. Measure again.');
      }
      makeRoom(response, bytes.length);
      reply(response, 200, BYTES, bytes);
    },
    async live(url, response) {
      const { project, image, left, top, width, height } = parseQuery(PIXELS_QUERIES.live, url);
      const region =
        width === undefined || height === undefined
          ? {}
          : { region: { left: left ?? 0, top: top ?? 0, width, height } };
      // Who has gone on to another image hangs up.
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      const asked = { project, imageId: image, ...region };
      const { bytes, step } = await engine.call('live.predict', asked, { signal: gone.signal });
      makeRoom(response, bytes.length);
      reply(response, 200, BYTES, bytes, { [STEP_HEADER]: String(step) });
    },
  } satisfies Record<PixelsKind, (url: URL, response: ServerResponse) => Promise<void> | void>;

  const isKind = (kind: string): kind is PixelsKind => Object.hasOwn(read, kind);

  /** A body of many megabytes is only received for a project that is open. */
  function drawn(request: IncomingMessage, project: string): Promise<Uint8Array> {
    engine.project(project);
    return readBody(request, {
      limitBytes: MAX_LABEL_MAP_BYTES,
      tooLarge: () =>
        new AppError(
          'invalid-input',
          `The label map takes more than ${MAX_LABEL_MAP_BYTES / 2 ** 20} MiB, which no drawing does.`,
        ),
    });
  }

  /** Answers when they are on disk. */
  async function saveScribbles(
    request: IncomingMessage,
    url: URL,
    response: ServerResponse,
  ): Promise<void> {
    const { project, image, origin } = parseQuery(SaveScribblesQuery, url);
    const bytes = await drawn(request, project);
    const options = origin === undefined ? {} : { origin };
    await engine.call('scribbles.save', { project, imageId: image, bytes }, options);
    replyJson(response, 200, null);
  }

  /** Answers when the revision is on disk. */
  async function save(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    const query = parseQuery(SaveQuery, url);
    const { project, image, author, run, helpers, base, origin } = query;
    const body = await drawn(request, project);
    const { objectsFrom = body.length } = query;
    const objects = objectsFrom < body.length ? body.subarray(objectsFrom) : null;
    const { id } = await engine.call(
      'labelMaps.save',
      {
        project,
        imageId: image,
        author,
        runId: run ?? null,
        helpers: helpers ?? [],
        base: base ?? null,
        bytes: body.subarray(0, objectsFrom),
        ...(query.objectsFrom === undefined ? {} : { objects }),
      },
      origin === undefined ? {} : { origin },
    );
    replyJson(response, 200, SavedLabelMap.parse({ id }));
  }

  return {
    async answer(request, url, response) {
      const kind = url.pathname.slice(PIXELS_PATH.length);
      if (request.method === 'GET' && isKind(kind)) await read[kind](url, response);
      else if (request.method === 'PUT' && kind === 'label-map') await save(request, url, response);
      else if (request.method === 'PUT' && kind === 'scribbles') {
        await saveScribbles(request, url, response);
      } else return false;
      return true;
    },
  };
}
