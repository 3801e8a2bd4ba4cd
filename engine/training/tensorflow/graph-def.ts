/**
 * Writes TensorFlow graphs in their protocol-buffer form: nodes, attributes, constants and the SavedModel around them.
 * Knows the wire format of the few messages it needs; what the nodes mean is trace.ts's business.
 * Field numbers: tensorflow/core/protobuf/{saved_model,meta_graph}.proto and core/framework/{graph,node_def,attr_value,
 * tensor,tensor_shape,types}.proto.
 */

/** tensorflow/core/framework/types.proto */
export const DT_FLOAT = 1;
export const DT_INT32 = 3;
export const DT_BOOL = 10;
export const DT_BFLOAT16 = 14;

/** Graph format that TensorFlow 2.4 and later read (tensorflow/core/public/version.h: TF_GRAPH_DEF_VERSION). */
const GRAPH_PRODUCER = 1882;

export type Encoded = Buffer;
export type AttributeKind = 'string' | 'int' | 'float' | 'bool' | 'type' | 'shape';
export type AttributeValue = string | number | boolean | readonly number[];

/** Base-128 varint; negative numbers as their 64-bit two's complement. */
function varint(value: number): Encoded {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const tag = (field: number, wireType: number) => varint((field << 3) | wireType);

function lengthDelimited(field: number, content: string | Uint8Array): Encoded {
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([tag(field, LENGTH_DELIMITED), varint(body.length), body]);
}

const integer = (field: number, value: number): Encoded =>
  Buffer.concat([tag(field, VARINT), varint(value)]);

function float(field: number, value: number): Encoded {
  const body = Buffer.alloc(4);
  body.writeFloatLE(value);
  return Buffer.concat([tag(field, FIXED32), body]);
}

const mapEntry = (field: number, key: string, value: Encoded): Encoded =>
  lengthDelimited(field, Buffer.concat([lengthDelimited(1, key), lengthDelimited(2, value)]));

const tensorShape = (shape: readonly number[]): Encoded =>
  Buffer.concat(shape.map((size) => lengthDelimited(2, integer(1, size))));

const isShape = (value: AttributeValue): value is readonly number[] => Array.isArray(value);

function scalarAttribute(kind: AttributeKind, value: AttributeValue): Encoded {
  switch (kind) {
    case 'string':
      return lengthDelimited(2, String(value));
    case 'int':
      return integer(3, Number(value));
    case 'float':
      return float(4, Number(value));
    case 'bool':
      return integer(5, value === true ? 1 : 0);
    case 'type':
      return integer(6, Number(value));
    case 'shape':
      return lengthDelimited(7, tensorShape(isShape(value) ? value : []));
  }
}

/** AttrValue; an array of anything but a shape is a list. */
export function attribute(kind: AttributeKind, value: AttributeValue): Encoded {
  if (kind !== 'shape' && isShape(value)) {
    return lengthDelimited(1, Buffer.concat(value.map((item) => scalarAttribute(kind, item))));
  }
  return scalarAttribute(kind, value);
}

/** AttrValue of a constant. `bytes`: the values, row-major, little-endian. */
export const tensorAttribute = (
  dataType: number,
  shape: readonly number[],
  bytes: Uint8Array,
): Encoded =>
  lengthDelimited(
    8,
    Buffer.concat([
      integer(1, dataType),
      lengthDelimited(2, tensorShape(shape)),
      lengthDelimited(4, bytes),
    ]),
  );

/** NodeDef. `inputs`: names of nodes, 'name:k' for their k-th output, '^name' for "runs after". */
export function graphNode(node: {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: readonly (readonly [name: string, value: Encoded])[];
}): Encoded {
  return Buffer.concat([
    lengthDelimited(1, node.name),
    lengthDelimited(2, node.op),
    ...node.inputs.map((input) => lengthDelimited(3, input)),
    ...node.attributes.map(([name, value]) => mapEntry(5, name, value)),
  ]);
}

/** A SavedModel with one graph, tagged 'serve', without variables or signatures. */
export function savedModel(nodes: readonly Encoded[]): Encoded {
  const graph = Buffer.concat([
    ...nodes.map((node) => lengthDelimited(1, node)),
    lengthDelimited(4, integer(1, GRAPH_PRODUCER)),
  ]);
  const metaInformation = lengthDelimited(4, 'serve');
  const metaGraph = Buffer.concat([lengthDelimited(1, metaInformation), lengthDelimited(2, graph)]);
  return Buffer.concat([integer(1, 1), lengthDelimited(2, metaGraph)]);
}
