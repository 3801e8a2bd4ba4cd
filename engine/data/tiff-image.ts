/** One directory of a TIFF as the library geotiff reads it, with what it reads wrong set right. */
import type { GeoTIFFImage } from 'geotiff';
import type { ImageFile } from './image-file.ts';
import { assertSoundLayout } from './tiff-layout.ts';

/** Sets a field, whatever stands in the file. */
export function setField(
  image: GeoTIFFImage,
  tag: string | number,
  value: number | number[],
): void {
  const directory = image.fileDirectory;
  directory.deferredArrays.delete(tag);
  directory.deferredFields.delete(tag);
  directory.actualizedFields.set(tag, value);
}

// Types of fields by TIFF 6.0 and BigTIFF.
const SHORT = 3;
const LONG = 4;
const LONG_8 = 16;

/** The library reads long arrays of fields (offsets, byte counts, colour tables) as little-endian in every file. */
async function turnArrays(image: GeoTIFFImage, file: ImageFile): Promise<void> {
  for (const [tag, array] of [...image.fileDirectory.deferredArrays]) {
    const { fieldType, itemSize, length, arrayOffset } = array;
    const bytes = await file.read(arrayOffset, itemSize * length);
    if (bytes.length < itemSize * length) throw new Error('its directory is cut off');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const read =
      fieldType === SHORT
        ? (at: number) => view.getUint16(at)
        : fieldType === LONG
          ? (at: number) => view.getUint32(at)
          : fieldType === LONG_8
            ? (at: number) => Number(view.getBigUint64(at))
            : null; // of no use here
    if (read === null) continue;
    setField(
      image,
      tag,
      Array.from({ length }, (_, i) => read(i * itemSize)),
    );
  }
}

/** The reader wants a buffer of its own; large files have one. */
function bufferOf({ buffer, byteLength }: Uint8Array): ArrayBuffer | undefined {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : undefined;
}

/** Opened for each use, so that no file stays open. Errors: Error (sizes that cannot be); those of `use`. */
export async function withDirectory<T>(
  file: ImageFile,
  index: number,
  use: (image: GeoTIFFImage) => Promise<T>,
): Promise<T> {
  const { source } = file;
  // Loaded with the first TIFF: most processes see none.
  const { fromArrayBuffer, fromFile } = await import('geotiff');
  const tiff =
    typeof source === 'string'
      ? await fromFile(source)
      : await fromArrayBuffer(bufferOf(source) ?? new Uint8Array(source).buffer);
  try {
    const image = await tiff.getImage(index);
    if (!image.littleEndian) await turnArrays(image, file);
    await assertSoundLayout(image);
    return await use(image);
  } finally {
    await tiff.close();
  }
}
