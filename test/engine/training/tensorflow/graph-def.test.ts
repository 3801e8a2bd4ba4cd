import { describe, expect, it } from 'vitest';
import {
  attribute,
  DT_FLOAT,
  DT_INT32,
  graphNode,
  savedModel,
  tensorAttribute,
} from '../../../../engine/training/tensorflow/graph-def.ts';

/** A field of bytes, text or a message, of fewer than 128 bytes. */
const field = (number: number, ...content: readonly (number | string)[]): number[] => {
  const body = content.flatMap((part) =>
    typeof part === 'string' ? [...Buffer.from(part)] : part,
  );
  return [(number << 3) | 2, body.length, ...body];
};
/** A field of a number from 0 to 127. */
const varint = (number: number, value: number): number[] => [number << 3, value];

/** Bytes of one attribute of a node, without what stands around it. */
function written(value: ReturnType<typeof attribute>): number[] {
  const node = graphNode({ name: 'n', op: 'O', inputs: [], attributes: [['a', value]] });
  const bytes = [...savedModel([node])];
  // schema version 2 bytes, meta graph 2, its tag 9, graph 2, node 2, name 3, op 3, entry 2, key 3, attribute 2.
  return bytes.slice(30, -5);
}

describe('a graph as TensorFlow reads it', () => {
  it('is a model tagged "serve" around its nodes', () => {
    const value = attribute('type', DT_FLOAT);
    const node = graphNode({
      name: 'n1',
      op: 'Add',
      inputs: ['a:1', '^b'],
      attributes: [['T', value]],
    });
    const entry = field(5, ...field(1, 'T'), ...field(2, ...varint(6, DT_FLOAT)));
    const body = [
      ...field(1, 'n1'),
      ...field(2, 'Add'),
      ...field(3, 'a:1'),
      ...field(3, '^b'),
      ...entry,
    ];
    const graph = [...field(1, ...body), ...field(4, 8, 0xda, 0x0e)]; // producer 1882 = 14·128 + 90
    const meta = [...field(1, ...field(4, 'serve')), ...field(2, ...graph)];
    expect([...savedModel([node])]).toEqual([...varint(1, 1), ...field(2, ...meta)]);
  });

  it('has attributes of every kind, zero and false included', () => {
    expect(written(attribute('string', 'SAMÉ'))).toEqual(field(2, 'SAMÉ'));
    expect(written(attribute('int', 0))).toEqual(varint(3, 0));
    expect(written(attribute('int', 300))).toEqual([24, 0xac, 0x02]);
    expect(written(attribute('int', -1))).toEqual([24, ...Array<number>(9).fill(255), 1]);
    expect(written(attribute('float', 0.5))).toEqual([(4 << 3) | 5, 0, 0, 0, 0x3f]);
    expect(written(attribute('bool', false))).toEqual(varint(5, 0));
    expect(written(attribute('bool', true))).toEqual(varint(5, 1));
    expect(written(attribute('type', DT_INT32))).toEqual(varint(6, DT_INT32));
    expect(written(attribute('shape', [2, 0]))).toEqual(
      field(7, ...field(2, ...varint(1, 2)), ...field(2, ...varint(1, 0))),
    );
    expect(written(attribute('shape', []))).toEqual(field(7));
  });

  it('has lists of values, empty ones included', () => {
    expect(written(attribute('int', [1, 2]))).toEqual(field(1, ...varint(3, 1), ...varint(3, 2)));
    expect(written(attribute('int', []))).toEqual(field(1));
  });

  it('has constants with type, shape and bytes', () => {
    const bytes = new Uint8Array(new Int32Array([7]).buffer);
    expect(written(tensorAttribute(DT_INT32, [1], bytes))).toEqual(
      field(
        8,
        ...varint(1, DT_INT32),
        ...field(2, ...field(2, ...varint(1, 1))),
        ...field(4, 7, 0, 0, 0),
      ),
    );
  });
});
