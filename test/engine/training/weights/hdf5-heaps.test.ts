import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readKerasFile, writeHdf5 } from '../../../../engine/training/weights/keras-file.ts';

const CONFIG = JSON.stringify({ config: { name: 'a', layers: [] } });

/** A file with a text, and the places of the entries in the heap that it lies in. */
async function fileWithText() {
  const written = await writeHdf5((file) => {
    const data = Float32Array.of(1, 2, 3);
    file.create_group('conv').create_dataset({ name: 'kernel', data, shape: [3], dtype: '<f4' });
    file.create_attribute('model_config', CONFIG);
  });
  const bytes = Buffer.from(written);
  const heap = bytes.indexOf('GCOL');
  const text = heap + 16;
  const free = text + 16 + 8 * Math.ceil((CONFIG.length + 1) / 8);
  return { bytes, heap, text, free };
}

// h5py 3: conv/kernel is numpy.array([[1.5, -2, 65504], [numpy.inf, 2**-24, 0.333]], '<f2'), conv/bias of '>f2'.
const HALVES = inflateSync(
  Buffer.from(
    'eNrr9HBx4+WS4mIAAQ4OBhYGAQZk8B8KFnGh8mHyCVCaEUp3QOkVTDBxRrCcBFRcEGo+urqQIFdXkOr/aABmzx82CM3BMApGIvBwdQwA0RFQPiyVnmBCVZecn1eGnB49KLSXkYEVYhYjjK8BoZkgAjDrmaE0Op8ZmPJBKgUV+KFyAgxcrAxc/FB5VmCKBskzMUEM5IDmFGZGAxaICh40F1UMbETYMRz4X81Qw8gQYoorb6dAXd7CRlzeduEYzdujeRuRt2HpaQkbqrrs1KK81BwGhqTMxGLkPO5Apr3Bfv4uoBQMS3c2LKh1GXo6HgX4wpEJXib3cOJXDwtvBebRsMNf10ByAiMjI1qdgla3KJJat8yBtubQE3bHoAoPYFXDYBoCAEMZUn8=',
    'base64',
  ),
);

it('half precision is read, in either order of bytes', async () => {
  const { tensors } = await readKerasFile(HALVES, 'w.h5');
  expect(tensors.get('conv/kernel')).toEqual({
    shape: [2, 3],
    values: Float32Array.of(1.5, -2, 65504, Infinity, 2 ** -24, 0.3330078125),
  });
  expect(tensors.get('conv/bias')?.values).toEqual(Float32Array.of(1.5, -2, 0.3330078125));
});

describe('texts in a file of HDF5', () => {
  it('are read', async () => {
    const { bytes, heap, text, free } = await fileWithText();
    expect([bytes.readUInt16LE(text), bytes.readUInt16LE(free)]).toEqual([1, 0]);
    expect(bytes.readUInt32LE(free + 8)).toBe(4096 - (free - heap));
    expect((await readKerasFile(bytes, 'w.h5')).tensors.get('conv/kernel')?.shape).toEqual([3]);
  });

  // The library would walk in a circle: for 32 of 64 bits it takes the lower ones.
  it.each([
    ['of nothing', 0n],
    ['that is nothing in 32 bits', 2n ** 32n],
    ['that leads back', 2n ** 64n - 64n],
    ['beyond its end', 2n ** 20n],
  ])('are refused where an entry of their heap has a size %s', async (_, size) => {
    const { bytes, free } = await fileWithText();
    bytes.writeBigUInt64LE(size, free + 8);
    await expect(readKerasFile(bytes, 'w.h5')).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/^w\.h5 is damaged.*the heap of its texts/) as string,
    });
  });
});
