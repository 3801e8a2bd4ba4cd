/**
 * nnU-Net: imagesTr/CASE_0000.png (one file a channel), labelsTr/CASE.png, the same with Ts, and dataset.json with the
 * names of channels and labels. Also its splits_final.json.
 */
import { basename, posix, resolve } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import { BACKGROUND, IGNORE, type Part } from '../../../shared/entities.ts';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { inWords } from '../../../shared/sentences.ts';
import { oneName, sameName } from '../../../shared/names.ts';
import { namedClasses } from '../class-colors.ts';
import type { FileReader } from '../files.ts';
import { type FolderTree, isImageName, stemOf, unusedFiles } from './folder-tree.ts';
import { readJson } from './foreign-json.ts';
import type { JsonOf } from './json-shapes.ts';
import type { ValueRule } from './value-mapping.ts';
import { type ListedPart, partsByName, sayAbsent } from './listed-parts.ts';
import { uniqueNames } from './pairing.ts';
import type { FolderLayout, FoundItem, NamedSplit } from './plan.ts';
import { counted, verbFor } from '../../../shared/number-format.ts';

/** In any case: some systems and archives lose it. */
const IMAGES = /(?:^|\/)images(Tr|Ts)\/[^/]+$/i;
const LABELS = /(?:^|\/)labels(Tr|Ts)\/[^/]+$/i;
const setOf = (folder: RegExp, file: string, root: string): 'Tr' | 'Ts' | undefined => {
  // Also where the folder itself was named.
  const set = folder.exec(file.includes('/') ? file : `${basename(root)}/${file}`)?.[1];
  return set === undefined ? undefined : /r$/i.test(set) ? 'Tr' : 'Ts';
};
const ABOUT = 'dataset.json';
/** OME-TIFFs keep their double ending. */
const CHANNEL = /^(.+)_(\d{4})(?:\.ome)?$/i;

interface Case {
  readonly set: string;
  /** As its first file writes it. */
  readonly name: string;
  /** By the number of the channel. */
  readonly channels: Map<number, string>;
}

interface Cases {
  readonly cases: ReadonlyMap<string, Case>;
  /** Of a case in a set, in whichever case and form it is written; those that differ in case alone are told apart. */
  readonly keyOf: (set: string, name: string) => string;
}

/** A number that the mask has, too, belongs to the name of the case: frame_0001.png with a mask frame_0001.png. */
function casesOf(files: readonly string[], root: string, issues: ImportIssue[]): Cases {
  const masks = new Set(
    files.flatMap((file) => {
      const set = setOf(LABELS, file, root);
      return set === undefined ? [] : [`${set}/${oneName(stemOf(file))}`];
    }),
  );
  const found = files.flatMap((file) => {
    const set = setOf(IMAGES, file, root);
    if (set === undefined) return [];
    const stem = stemOf(file);
    const numbered = masks.has(`${set}/${oneName(stem)}`) ? null : CHANNEL.exec(stem);
    const [, name = stem, channel = '0'] = numbered ?? [];
    return [{ file, set, name, channel: Number(channel) }];
  });
  const written = Map.groupBy(
    found,
    ({ set, name, channel }) => `${set}/${oneName(name)}/${channel}`,
  );
  const apart = new Set(
    [...written.values()].flatMap((all) => {
      const names = new Set(all.map(({ name }) => sameName(name)));
      return names.size < 2 ? [] : all.map(({ set, name }) => `${set}/${oneName(name)}`);
    }),
  );
  const keyOf = (set: string, name: string) =>
    apart.has(`${set}/${oneName(name)}`) ? `${set}/${sameName(name)}` : `${set}/${oneName(name)}`;
  const cases = new Map<string, Case>();
  for (const { file, set, name, channel } of found) {
    const key = keyOf(set, name);
    const known = cases.get(key) ?? {
      set,
      name: sameName(name),
      channels: new Map<number, string>(),
    };
    const first = known.channels.get(channel);
    if (first === undefined) known.channels.set(channel, file);
    else {
      const message = `second file for channel ${channel} of one case; ${first} is used`;
      issues.push({ path: file, severity: 'skip', message });
    }
    cases.set(key, known);
  }
  return { cases, keyOf };
}

/** Frames of a film are numbered as well, but there are more of them than an image has channels. */
const MOST_CHANNELS = 16;

/** Whether all are called CASE_0000, CASE_0001 …, each case with its first channel. */
function areChannels(files: readonly string[]): boolean {
  const names = files.map((file) => CHANNEL.exec(stemOf(file)));
  const firsts = new Set(names.flatMap((name) => (name?.[2] === '0000' ? [name[1]] : [])));
  return names.every((name) => firsts.has(name?.[1]) && Number(name?.[2]) < MOST_CHANNELS);
}

export const nnunetLayout: FolderLayout = {
  format: 'nnunet',
  detect(tree) {
    const of = (folder: RegExp) =>
      tree.files.filter((file) => isImageName(file) && setOf(folder, file, tree.root));
    const [images, labels] = [of(IMAGES).length, of(LABELS).length];
    // Images alone are nnU-Net's where its file lies beside them, or their names number channels.
    const told =
      labels > 0 ||
      tree.files.some((file) => besides(tree, file, ABOUT)) ||
      areChannels(of(IMAGES));
    return images === 0 || !told
      ? undefined
      : `nnU-Net's folders, with ${counted(images, 'file')} in imagesTr or imagesTs and ${labels} in labelsTr or labelsTs`;
  },
  async read(tree, reader) {
    const issues: ImportIssue[] = [];
    const pictures = tree.files.filter(isImageName);
    assertOneDataset(tree);
    const about = await readBeside(tree, ABOUT, { reader, issues });
    const folds = await readBeside(tree, 'splits_final.json', { reader, issues });
    const { root } = tree;
    const { cases, keyOf } = casesOf(pictures, root, issues);
    const most = [...cases.values()].reduce((max, one) => Math.max(max, one.channels.size), 0);
    const named = Object.keys(about?.value.channel_names ?? about?.value.modality ?? {}).length;
    // Photographs have their channels (R, G, B) in one file.
    const channels = most === 1 ? 1 : named || most;
    if (most === 1 && named > 1) {
      const message = `it names ${counted(named, 'channel')}, and every case has one file: its channels are those of the file`;
      issues.push({ path: about?.file ?? '', severity: 'info', message });
    }
    const labels = new Map<string, string>();
    for (const file of pictures) {
      const set = setOf(LABELS, file, root);
      if (set === undefined) continue;
      const key = keyOf(set, stemOf(file));
      const first = labels.get(key);
      if (first !== undefined) {
        const message = `second mask for one case; ${first} is used`;
        issues.push({ path: file, severity: 'skip', message });
      } else if (cases.has(key)) labels.set(key, file);
      else
        issues.push({
          path: file,
          severity: 'skip',
          message: 'mask without an image of that name',
        });
    }
    const tested = [...labels.keys()].some((key) => key.startsWith('Ts/'));
    const whole = [...cases].filter(([, { name, channels: found }]) => {
      const lacking = Array.from({ length: channels }, (_, i) => i).filter((i) => !found.has(i));
      if (lacking.length === 0) return true;
      const names = lacking.map((i) => `_${String(i).padStart(4, '0')}`).join(', ');
      const message = `of its ${channels} channels ${names} ${verbFor(lacking.length, 'are')} missing: left out`;
      issues.push({ path: name, severity: 'skip', message });
      return false;
    });
    const firsts = whole.map(([, { name, channels: found }]) => {
      const file = found.get(0) ?? '';
      const extension = found.size > 1 ? '.tif' : endingOf(file);
      return `${posix.dirname(file)}/${name}${extension}`;
    });
    const { names, issues: renamed } = uniqueNames(firsts);
    const items = whole.map(([key, one], i): FoundItem => {
      const files = [...one.channels]
        .sort(([a], [b]) => a - b)
        .map(([, file]) => resolve(tree.root, file));
      const mask = labels.get(key);
      return {
        path: files[0] ?? '',
        ...(files.length > 1 ? { channelFiles: files } : {}),
        ...(files.length === 1 && named > 1 ? { channels: named } : {}),
        page: 0,
        name: names[i] ?? key,
        labels: mask === undefined ? null : { kind: 'mask', path: resolve(tree.root, mask) },
        part: tested ? partOf(one.set) : null,
        group: null,
        imageClass: null,
      };
    });
    if (channels > 1 && items.length > 0) {
      const message = `its ${channels} files, one a channel, become one image of ${channels} channels, as in ${counted(items.length, 'case')}; it is kept in the project, also where originals are linked`;
      issues.push({ path: posix.dirname(firsts[0] ?? ''), severity: 'change', message });
    }
    const splits = toSplits(folds, { whole, keyOf, names, issues });
    const used = new Set([
      ...pictures.filter((file) => setOf(IMAGES, file, root) ?? setOf(LABELS, file, root)),
      ...[about?.file, folds?.file].filter((file) => file !== undefined),
    ]);
    return {
      items,
      issues: [...tree.issues, ...issues, ...renamed, ...unusedFiles(tree, used)],
      rule: about === undefined ? null : ruleOf(about.value.labels),
      imageClasses: [],
      splits,
    };
  },
};

const partOf = (set: string): Part => (set === 'Ts' ? 'test' : 'train');

function toSplits(
  folds: { readonly file: string; readonly value: JsonOf<'splits_final.json'> } | undefined,
  options: {
    readonly whole: readonly (readonly [string, Case])[];
    readonly keyOf: Cases['keyOf'];
    readonly names: readonly string[];
    readonly issues: ImportIssue[];
  },
): NamedSplit[] {
  if (folds === undefined) return [];
  const { whole, keyOf, names, issues } = options;
  const nameOf = new Map(whole.map(([key], k) => [key, names[k] ?? '']));
  const absent = new Set<string>();
  const splits = folds.value.map((fold, i): NamedSplit => {
    const name = `fold ${i}`;
    const listed = (['train', 'val'] as const).flatMap((part) =>
      fold[part].flatMap((one): ListedPart[] => {
        const image = nameOf.get(keyOf('Tr', one)) ?? nameOf.get(keyOf('Ts', one));
        if (image === undefined) absent.add(one);
        return image === undefined ? [] : [[image, part]];
      }),
    );
    const partOf = partsByName(listed, { path: `${folds.file}: ${name}`, issues });
    return { name, isOfFiles: true, partOf };
  });
  sayAbsent([...absent], { path: folds.file, issues });
  return splits;
}

/** '.nii.gz' of an image that is packed. */
const endingOf = (file: string): string => posix.basename(file).slice(stemOf(file).length);

/** Folders that hold imagesTr or imagesTs. */
const homesOf = (tree: FolderTree): ReadonlySet<string> =>
  new Set(
    tree.files
      .filter((file) => isImageName(file) && setOf(IMAGES, file, tree.root) !== undefined)
      .map((file) => posix.dirname(posix.dirname(file))),
  );

/** Whether a file is called so and lies beside the folders of images, or near the top. */
const besides = (tree: FolderTree, file: string, name: string): boolean =>
  posix.basename(file).toLowerCase() === name &&
  (file.split('/').length <= 2 || homesOf(tree).has(posix.dirname(file)));

/** Errors: invalid-input. Values of several datasets mean different things, and their cases may have the same names. */
function assertOneDataset(tree: FolderTree): void {
  const about = new Set(tree.files.map((file) => file.toLowerCase()));
  const homes = [...homesOf(tree)].filter((home) =>
    about.has(posix.join(home, ABOUT).toLowerCase()),
  );
  if (homes.length < 2) return;
  const message = `${tree.root} holds ${homes.length} datasets of nnU-Net: ${inWords(homes)}. Import one of them at a time.`;
  throw new AppError('invalid-input', message, { subject: tree.root });
}

/** The file beside the folders of images; a broken one is an issue. */
async function readBeside<Name extends 'dataset.json' | 'splits_final.json'>(
  tree: FolderTree,
  name: Name,
  options: { reader: FileReader; issues: ImportIssue[] },
): Promise<{ readonly file: string; readonly value: JsonOf<Name> } | undefined> {
  const file = tree.files.find((one) => besides(tree, one, name));
  if (file === undefined) return undefined;
  try {
    return {
      file,
      value: await readJson(resolve(tree.root, file), options.reader, name),
    };
  } catch (error) {
    options.issues.push({ path: file, severity: 'skip', message: toWireError(error).message });
    return undefined;
  }
}

/** Values in their order become classes; one that lies in several regions has the names of all. */
function ruleOf(labels: Readonly<Record<string, unknown>>): ValueRule | null {
  const namesOf = new Map<number, string[]>();
  for (const [key, value] of Object.entries(labels)) {
    const byValue = typeof value === 'string' && /^\d+$/.test(key);
    const name = byValue ? value : key;
    for (const one of byValue ? [Number(key)] : [value].flat().map(Number)) {
      if (!Number.isInteger(one) || one < 0 || one > IGNORE) return null;
      namesOf.set(one, [...(namesOf.get(one) ?? []), name]);
    }
  }
  const entries = new Map<string, number>([['0', BACKGROUND]]);
  const names = [namesOf.get(0)?.[0] ?? 'background'];
  for (const [value, all] of [...namesOf].sort(([a], [b]) => a - b)) {
    if (value === 0) continue;
    entries.set(String(value), all.includes('ignore') ? IGNORE : names.push(all.join(' + ')) - 1);
  }
  return { entries, classes: namedClasses(names), why: 'dataset.json says so', isList: true };
}
