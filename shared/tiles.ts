/** Tiles that images and label maps are cut into, where they are drawn on or classified part by part. */

/** Side of a tile in pixels: 64 KiB of labels, small enough to copy within a frame, large enough to be few. */
export const TILE_PX = 256;
