/** From what was dropped on the window, or chosen with the browser's own dialog, to a path that the engine can read. */
import { AppError } from '../../../shared/errors.ts';
import type { Api, CallOptions } from '../../api.ts';
import { desktop } from '../../desktop.ts';

interface GivenFile {
  /** With its folders below what was given. */
  readonly name: string;
  readonly file: File;
}

export const hasFiles = (transfer: DataTransfer | null): boolean =>
  transfer?.types.includes('Files') === true;

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** A folder's reader gives its entries piece by piece, until a piece is empty. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

// Browsers hand out these objects and hide their classes: what they are, they say themselves.
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

async function walk(entry: FileSystemEntry, folder: string): Promise<GivenFile[]> {
  const name = `${folder}${entry.name}`;
  if (entry.name.startsWith('.')) return [];
  if (isFile(entry)) return [{ name, file: await fileOf(entry) }];
  if (!isFolder(entry)) return [];
  const inside = await entriesOf(entry);
  return (await Promise.all(inside.map((one) => walk(one, `${name}/`)))).flat();
}

/**
 * Path of a folder with everything that was dropped, or of the one file or folder; null where nothing was.
 * In a browser the files are sent to the engine; the desktop shell knows their real path.
 */
export async function receiveDrop(
  api: Api,
  transfer: DataTransfer,
  options: CallOptions,
): Promise<string | null> {
  // Both lists are emptied when the event is over, so they are read before anything is awaited.
  const files = [...transfer.files];
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (desktop !== null && files.length === 1 && files[0] !== undefined) {
    return desktop.pathOf(files[0]);
  }
  const dropped = await Promise.all(entries.map((entry) => walk(entry, '')));
  return sendToEngine(api, dropped.flat(), options);
}

/** Path of a folder with all files of an input of type file, or of the one file or folder; null where there are none. */
export function receiveFiles(
  api: Api,
  files: Iterable<File>,
  options: CallOptions,
): Promise<string | null> {
  const given = Array.from(files, (file) => ({ name: file.webkitRelativePath || file.name, file }));
  const isHidden = (name: string) => name.split('/').some((part) => part.startsWith('.'));
  return sendToEngine(
    api,
    given.filter(({ name }) => !isHidden(name)),
    options,
  );
}

/** Folder of several files or folders that were given at once. */
const TOGETHER = 'images';

async function sendToEngine(
  api: Api,
  files: readonly GivenFile[],
  { signal, onProgress }: CallOptions,
): Promise<string | null> {
  const batch = crypto.randomUUID();
  const [first, ...others] = new Set(files.map(({ name }) => name.split('/')[0]));
  if (first === undefined) return null;
  // Several things get a folder around them, whose name is proposed for the dataset.
  const [around, top] = others.length === 0 ? ['', first] : [`${TOGETHER}/`, TOGETHER];
  let folder = '';
  for (const [done, { name, file }] of files.entries()) {
    if (signal?.aborted === true) throw new AppError('cancelled', 'Stopped.');
    onProgress?.({ done, total: files.length, message: `Taking over ${name}` });
    ({ folder } = await api.uploadFile({ batch, name: `${around}${name}`, body: file }));
  }
  return `${folder}/${top}`;
}
