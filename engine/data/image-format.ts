/** What kind of image a file is, by its first bytes. */
import { AppError } from '../../shared/errors.ts';
import type { ImageFile } from './image-file.ts';
import { isNifti, isNiftiName } from './nifti.ts';
import { isNpy } from './npy.ts';

export type ImageFormat = 'png' | 'jpeg' | 'gif' | 'webp' | 'tiff' | 'npy' | 'npz' | 'nifti';

/** Files that are images, but of a kind Graft does not read: named, so that the message can help. */
const FOREIGN_FORMATS: readonly { name: string; matches: (ascii: string) => boolean }[] = [
  { name: 'a BMP image', matches: (a) => a.startsWith('BM') },
  { name: 'a HEIC or AVIF image', matches: (a) => /^.{4}ftyp(hei|hev|mif|avif|msf)/s.test(a) },
  { name: 'a DICOM file', matches: (a) => a.slice(128, 132) === 'DICM' },
  { name: 'a JPEG 2000 image', matches: (a) => a.startsWith('\0\0\0\x0cjP') },
  { name: 'a Photoshop document', matches: (a) => a.startsWith('8BPS') },
  { name: 'a PDF', matches: (a) => a.startsWith('%PDF') },
];

/** Bytes that tell every format, foreign ones too; the first of a packed file are those of its packing. */
const HEAD_BYTES = 1024;

function formatOfHead(head: Uint8Array, subject: string): ImageFormat {
  if (head.length === 0) {
    throw new AppError(
      'unreadable',
      `${subject} is empty (0 bytes). Copy it again, or remove it.`,
      {
        subject,
      },
    );
  }
  const ascii = String.fromCharCode(...head);
  if (ascii.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (ascii.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (ascii.startsWith('GIF8')) return 'gif';
  if (ascii.startsWith('RIFF') && ascii.slice(8, 12) === 'WEBP') return 'webp';
  if (/^(II[*+]\0|MM\0[*+])/.test(ascii)) return 'tiff';
  if (isNpy(ascii)) return 'npy';
  if (ascii.startsWith('PK\x03\x04')) return 'npz';
  if (isNifti(head)) return 'nifti';
  const foreign = FOREIGN_FORMATS.find((format) => format.matches(ascii));
  if (foreign !== undefined) {
    throw new AppError(
      'unsupported',
      `${subject} is ${foreign.name}. Convert it to PNG, TIFF or JPEG first.`,
      { subject },
    );
  }
  if (isNiftiName(subject)) {
    throw new AppError(
      'unreadable',
      `${subject} is called as NIfTI is, but has no header of NIfTI. Save it again as NIfTI, or remove it.`,
      { subject },
    );
  }
  throw new AppError(
    'unreadable',
    `${subject} is not an image that Graft can read (PNG, JPEG, TIFF, GIF, WebP, NIfTI, .npy). Remove it or convert it to PNG.`,
    { subject },
  );
}

/**
 * Format by the first bytes, never by the file's name.
 * Errors: unreadable (empty, not an image), unsupported (an image of a kind Graft does not read).
 */
export const formatOf = async (file: ImageFile, subject: string): Promise<ImageFormat> =>
  formatOfHead(await file.read(0, HEAD_BYTES), subject);
