/**
 * Entry of the process that decodes with other decoders than Graft does: libtiff for TIFF, libspng for masks that are
 * PNGs, fast-png for images that are. It holds damaged files, too, so it is as isolated as those.
 */
import { decode } from 'fast-png';
import sharp from 'sharp';
import { z } from 'zod';
import { serveIsolated } from '../../../engine/isolated/serve.ts';
import { AppError } from '../../../shared/errors.ts';

const Request = z.object({
  by: z.enum(['libvips', 'fast-png']),
  bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  isWide: z.boolean(),
  isGrey: z.boolean(),
});

serveIsolated(
  async (message) => {
    const { by, bytes, isWide, isGrey } = Request.parse(message);
    if (by === 'fast-png') {
      const { width, height, data, channels, depth } = decode(bytes, { checkCrc: true });
      const isShown = channels === (isGrey ? 1 : 3) && depth === (isWide ? 16 : 8);
      return { width, height, data: isShown ? data : null };
    }
    const space = isWide ? (isGrey ? 'grey16' : 'rgb16') : isGrey ? 'b-w' : 'srgb';
    const image = sharp(bytes, { failOn: 'warning', ignoreIcc: true, limitInputPixels: 2 ** 20 });
    const { hasAlpha, orientation = 1 } = await image.metadata();
    const { data, info } = await image
      .toColourspace(space)
      .raw({ depth: isWide ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { buffer, byteOffset, byteLength } = data;
    const isShown = !hasAlpha && orientation === 1 && info.channels === (isGrey ? 1 : 3);
    const samples = isWide
      ? new Uint16Array(buffer, byteOffset, byteLength / 2)
      : new Uint8Array(buffer, byteOffset, byteLength);
    return { width: info.width, height: info.height, data: isShown ? samples : null };
  },
  () => new AppError('unreadable', 'The other decoder does not read it.'),
);
