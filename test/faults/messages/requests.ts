/** Requests for what goes over HTTP beside calls, drawn from the fields of their queries: pixels, label maps, files, reports. */
import {
  FILES_PATH,
  FileQuery,
  PIXELS_PATH,
  PIXELS_QUERIES,
  REPORT_PATH,
  ReportQuery,
  SaveQuery,
} from '../../../shared/exchange.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import type { Random } from '../../../shared/random.ts';
import { pick, type Surroundings } from './calls.ts';
import { ANSWER_MS, type EngineUnderTest } from './engine-under-test.ts';

interface Place {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly fields: readonly string[];
}

const PLACES: readonly Place[] = [
  ...Object.entries(PIXELS_QUERIES).map(([kind, { shape }]) => ({
    ...({ method: 'GET', path: `${PIXELS_PATH}${kind}`, fields: Object.keys(shape) } as const),
  })),
  { method: 'PUT', path: `${PIXELS_PATH}label-map`, fields: Object.keys(SaveQuery.shape) },
  { method: 'POST', path: FILES_PATH, fields: Object.keys(FileQuery.shape) },
  { method: 'GET', path: REPORT_PATH, fields: Object.keys(ReportQuery.shape) },
];

/** What most fields take, beside what none does. */
const SOUND = ['1', '1', '2', '7', '160', 'human', 'a.png'] as const;
const ODD = [
  ...[
    '',
    '0',
    '-1',
    '1.5',
    '1e9',
    '99999999999999999999',
    'NaN',
    'x',
    '../../escaped',
    '/etc/passwd',
  ],
  ...['a\0b', 'a\nb', '<img>', '%', '__proto__', 'é'.repeat(300), 'x'.repeat(5000)],
] as const;

const sound = encodeLabelMap({ width: 32, height: 32, data: new Uint8Array(1024) });

function bodyOf(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(sound);
  const at = random.below(bytes.length);
  if (random.below(2) === 0) bytes[at] = random.below(256);
  return pick(random, [bytes, bytes.slice(0, at), new Uint8Array(), new Uint8Array(2 ** 20)]);
}

/** What is wrong with the answer, in words; null: nothing. */
export async function sendRequest(
  engine: EngineUnderTest,
  around: Surroundings,
  random: Random,
): Promise<string | null> {
  const { method, path, fields } = pick(random, PLACES);
  const address = new URL(path, engine.origin);
  for (const field of fields) {
    if (random.below(8) === 0) continue;
    const value = random.below(6) === 0 ? pick(random, ODD) : pick(random, SOUND);
    const isProject = field === 'project' && random.below(20) > 0;
    address.searchParams.set(field, isProject ? around.project : value);
  }
  const shown = `${method} ${address.pathname}${address.search.slice(0, 400)}`;
  try {
    const response = await fetch(address, {
      method,
      headers: { cookie: engine.cookie, origin: engine.origin },
      ...(method === 'GET' ? {} : { body: new Blob([bodyOf(random)]) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const body = new Uint8Array(await response.arrayBuffer());
    if (response.status < 500) return null;
    return `${shown} was answered by ${response.status}: ${Buffer.from(body.slice(0, 300)).toString()}`;
  } catch (error) {
    return `${shown} was not answered: ${String(error)}`;
  }
}
