/** Masks as arrays of NumPy, [height, width]. */
import { encodeNpy } from '../npy.ts';
import { folderOf } from './folder.ts';

interface Numbers {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint16Array | Uint32Array;
}
const encode = ({ width, height, data }: Numbers) => encodeNpy({ shape: [height, width], data });

export const npyWriter = folderOf({ extension: '.npy', classes: encode, objects: encode });
