/** Files that are called like others beside them and something more may be masks of these; where nothing says so, it is asked. */
import { posix } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import { isImageName, stemOf } from './folder-tree.ts';

const LEAST = 2;
const REMEDY =
  'If they are masks of these, put images and masks into folders of these names, or call them NAME and NAME_mask';

/** What stands behind the stem of another file: '_1stHO' of a_1stHO beside a. */
function endsOf(stem: string, stems: ReadonlySet<string>): string[] {
  return [...stem.matchAll(/[ _.-]+/g)].flatMap(({ index }) =>
    stems.has(stem.slice(0, index)) ? [stem.slice(index)] : [],
  );
}

function countsOf<T>(values: readonly T[]): [T, number][] {
  return [...Map.groupBy(values, (value) => value)]
    .map(([value, all]): [T, number] => [value, all.length])
    .filter(([, count]) => count >= LEAST);
}

/** For a folder without any mask. `files`: relative to it. */
export function maskLookalikes(files: readonly string[]): ImportIssue[] {
  const folders = Map.groupBy(files.filter(isImageName), (file) => posix.dirname(file));
  return [...folders].flatMap(([path, inside]) => {
    const byStem = Map.groupBy(inside, stemOf);
    const stems = new Set(byStem.keys());
    const ends = countsOf([...stems].flatMap((stem) => endsOf(stem, stems)));
    // Frames and pages are numbered.
    const told = ends.filter(([end]) => /\p{L}{2}/u.test(end));
    const twice = countsOf(
      [...byStem.values()]
        .filter((same) => same.length === 2)
        .map((same) => same.map((file) => posix.extname(file)).join(' and ')),
    );
    return [
      ...told.map(([end, count]) => `doubtful: ${count} files are called like others and "${end}"`),
      ...twice.map(([endings, count]) => `doubtful: ${count} names stand here as ${endings}`),
    ].map((message): ImportIssue => ({
      path,
      severity: 'change',
      message: `${message}. ${REMEDY}`,
    }));
  });
}
