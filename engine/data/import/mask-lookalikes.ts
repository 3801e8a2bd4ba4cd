/**
 * Files that may be masks of others though nothing says so: called like these and something more, of the same name with
 * another ending, or in a folder of the same names. It is asked, with where the masks are one flag or click away.
 */
import { posix } from 'node:path';
import type { ImportAlternative, ImportDoubt } from '../../../shared/api.ts';
import { inWords } from '../../../shared/sentences.ts';
import { isImageName, stemOf } from './folder-tree.ts';
import { partOfPath } from './folder-names.ts';

const LEAST = 2;

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

/** `where`: as mask-place.ts reads it. */
const masksAre = (where: string, words: string): ImportAlternative => ({
  words,
  flag: `--masks ${/^[\w./-]+$/.test(where) ? where : `"${where}"`}`,
  reading: 'auto',
  mapping: null,
  masks: where,
});

/** Files of one folder that are called like others of it. */
function besideOthers([folder, inside]: readonly [string, readonly string[]]): ImportDoubt[] {
  const byStem = Map.groupBy(inside, stemOf);
  const stems = new Set(byStem.keys());
  const ends = countsOf([...stems].flatMap((stem) => endsOf(stem, stems)));
  // Frames and pages are numbered.
  const told = ends.filter(([end]) => /\p{L}{2}/u.test(end));
  const pairs = [...byStem.values()].filter((same) => same.length === 2);
  const twice = countsOf(pairs.map((same) => same.map((file) => posix.extname(file)).join('/')));
  const here = folder === '.' ? '' : ` in ${folder}/`;
  return [
    ...told.map(([end, count]) => ({
      message: `${count} files${here} are called like others and "${end}": are they masks of these?`,
      instead: [masksAre(`*${end}`, `names that end in ${end} are those of masks`)],
    })),
    ...twice.map(([endings, count]) => ({
      message: `${count} names${here} stand there as ${endings.replace('/', ' and ')}: is one of these masks of the other?`,
      instead: endings.split('/').map((end) => masksAre(`*${end}`, `files ${end} are masks`)),
    })),
  ];
}

/** Of so many folders each is offered. */
const OFFERED = 6;

/** Folders with files of the same names, and of one part: images and their masks, perhaps. */
function twinFolders(folders: readonly (readonly [string, readonly string[]])[]): ImportDoubt[] {
  const groups: { readonly stems: ReadonlySet<string>; readonly places: string[] }[] = [];
  for (const [folder, files] of folders) {
    const stems = new Set(files.map(stemOf));
    if (stems.size < LEAST) continue;
    const twins = groups.find(
      (group) =>
        group.stems.size === stems.size &&
        [...stems].every((stem) => group.stems.has(stem)) &&
        partOfPath(`${group.places[0] ?? ''}/x`) === partOfPath(`${folder}/x`),
    );
    if (twins === undefined) groups.push({ stems, places: [folder] });
    else twins.places.push(folder);
  }
  return groups.flatMap(({ places }): ImportDoubt[] => {
    if (places.length < 2) return [];
    const shown = places.slice(0, OFFERED).map((folder) => (folder === '.' ? './' : `${folder}/`));
    const more = places.length > OFFERED ? [`${places.length - OFFERED} more folders`] : [];
    const named = places.filter((folder) => folder !== '.');
    return [
      {
        message: `Files of ${inWords([...shown, ...more])} are called alike: does one of these hold masks?`,
        instead: named
          .slice(0, OFFERED)
          .map((folder) => masksAre(`${folder}/`, `${folder}/ holds the masks`)),
      },
    ];
  });
}

/** For a folder without any mask. `files`: relative to it. */
export function maskLookalikes(files: readonly string[]): ImportDoubt[] {
  const folders = [...Map.groupBy(files.filter(isImageName), (file) => posix.dirname(file))];
  return [...folders.flatMap(besideOthers), ...twinFolders(folders)];
}
