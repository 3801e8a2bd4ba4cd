/** Label TIFF, as ImageJ and Cellpose read it: objects as uint16, or uint32 where there are more than 65,534. */
import { encodeTiff } from '../encode-tiff.ts';
import { folderOf } from './folder.ts';

export const labelTiffWriter = folderOf({
  extension: '.tif',
  classes: (map) => encodeTiff({ ...map, channels: 1 }),
  objects: (numbers) => encodeTiff({ ...numbers, channels: 1 }),
});
