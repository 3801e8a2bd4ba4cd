/** Entry of the process in which JSON and XML files from outside are read and their outlines painted (foreign-json.ts asks it). */
import { AppError, messageOf } from '../../../shared/errors.ts';
import { serveIsolated } from '../../isolated/serve.ts';
import { bytesOf } from '../image-file.ts';
import { received } from '../sent-file.ts';
import { readCvat } from './cvat.ts';
import { readImageJRois } from './imagej-roi.ts';
import { readJsonFile } from './json-file.ts';
import { JsonRequest } from './json-messages.ts';
import { paintShapes } from './paint-shapes.ts';
import { textOf } from './text-file.ts';

serveIsolated(
  async (message) => {
    const request = JsonRequest.parse(message);
    switch (request.what) {
      case 'paint':
        return paintShapes(request.shapes, request);
      case 'xml':
        return readCvat(textOf(await bytesOf(await received(request.file))), request.path);
      case 'rois':
        return readImageJRois(await bytesOf(await received(request.file)));
      case 'read':
        return readJsonFile(await received(request.file), request);
    }
  },
  (message, error) => {
    const { path } = JsonRequest.parse(message);
    return new AppError(
      'unreadable',
      `${path} cannot be read (${messageOf(error).split('\n', 1)[0] ?? ''}). Export it again from its source.`,
      { subject: path },
    );
  },
);
