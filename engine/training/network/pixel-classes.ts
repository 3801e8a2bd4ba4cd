/** How many classes the head of a segmentation network has outputs for. */
import { type Dataset, IGNORE } from '../../../shared/entities.ts';

/** Values that label maps of a dataset can hold, class 0 included. At least 1. */
export const pixelClasses = ({ classes }: Pick<Dataset, 'classes'>): number =>
  Math.max(0, ...classes.map(({ index }) => index).filter((index) => index < IGNORE)) + 1;
