/** Entry of the process in which JSON files from outside are read and COCO is painted (foreign-json.ts asks it). */
import { AppError, messageOf } from '../../../shared/errors.ts';
import { serveIsolated } from '../../isolated/serve.ts';
import { received } from '../sent-file.ts';
import { paintCoco } from './coco-paint.ts';
import { readJsonFile } from './json-file.ts';
import { JsonRequest } from './json-messages.ts';

serveIsolated(
  async (message) => {
    const request = JsonRequest.parse(message);
    return request.what === 'paint'
      ? paintCoco(request.annotations, request)
      : readJsonFile(await received(request.file), request);
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
