/**
 * Writes TensorFlow graphs in their protocol-buffer form: nodes, attributes, constants and the SavedModel around them.
 * Knows the few fields it needs; what the nodes mean is trace.ts's business.
 * Field numbers: tensorflow/core/protobuf/{saved_model,meta_graph}.proto and core/framework/{graph,node_def,attr_value,
 * tensor,tensor_shape,types}.proto.
 */
import { type Field, protobufEncoder } from '../protobuf.ts';

/** tensorflow/core/framework/types.proto */
export const DT_FLOAT = 1;
export const DT_INT32 = 3;
export const DT_BOOL = 10;
export const DT_BFLOAT16 = 14;

/** Graph format that TensorFlow 2.4 and later read (tensorflow/core/public/version.h: TF_GRAPH_DEF_VERSION). */
const GRAPH_PRODUCER = 1882;

export type AttributeKind = 'string' | 'int' | 'float' | 'bool' | 'type' | 'shape';
export type AttributeValue = string | number | boolean | readonly number[];

/** Of an attribute that is one value and of one that is a list alike; strings are bytes in both. */
const VALUES = [
  ['string', 2, 'string'],
  ['int', 3, 'int64'],
  ['float', 4, 'float'],
  ['bool', 5, 'bool'],
  ['type', 6, 'int32'],
] as const;

const MESSAGES: Readonly<Record<string, readonly Field[]>> = {
  SavedModel: [
    ['schemaVersion', 1, 'int64'],
    ['metaGraph', 2, 'MetaGraph'],
  ],
  MetaGraph: [
    ['information', 1, 'MetaInformation'],
    ['graph', 2, 'Graph'],
  ],
  MetaInformation: [['tag', 4, 'string']],
  Graph: [
    ['node', 1, 'Node', 'repeated'],
    ['versions', 4, 'Versions'],
  ],
  Versions: [['producer', 1, 'int32']],
  Node: [
    ['name', 1, 'string'],
    ['op', 2, 'string'],
    ['input', 3, 'string', 'repeated'],
    ['attribute', 5, 'Attribute', 'map'],
  ],
  Attribute: [['list', 1, 'List'], ...VALUES, ['shape', 7, 'Shape'], ['tensor', 8, 'Tensor']],
  List: VALUES.map(([name, number, type]) => [name, number, type, 'repeated']),
  Shape: [['dim', 2, 'Dimension', 'repeated']],
  Dimension: [['size', 1, 'int64']],
  Tensor: [
    ['type', 1, 'int32'],
    ['shape', 2, 'Shape'],
    ['content', 4, 'bytes'],
  ],
};

const encode = protobufEncoder(MESSAGES);

/** Messages of the table above. */
export type Attribute = Readonly<Record<string, unknown>>;
export type GraphNode = Readonly<Record<string, unknown>>;

const shapeOf = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size })) });

const isNumbers = (value: AttributeValue): value is readonly number[] => Array.isArray(value);

/** AttrValue; an array of anything but a shape is a list. */
export function attribute(kind: AttributeKind, value: AttributeValue): Attribute {
  if (kind === 'shape') return { shape: shapeOf(isNumbers(value) ? value : []) };
  return isNumbers(value) ? { list: { [kind]: value } } : { [kind]: value };
}

/** AttrValue of a constant. `bytes`: the values, row-major, little-endian; read when the graph is written. */
export const tensorAttribute = (
  dataType: number,
  shape: readonly number[],
  bytes: Uint8Array,
): Attribute => ({ tensor: { type: dataType, shape: shapeOf(shape), content: bytes } });

/** NodeDef. `inputs`: names of nodes, 'name:k' for their k-th output, '^name' for "runs after". */
export const graphNode = (node: {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: readonly (readonly [name: string, value: Attribute])[];
}): GraphNode => ({
  name: node.name,
  op: node.op,
  input: node.inputs,
  attribute: Object.fromEntries(node.attributes),
});

/** A SavedModel with one graph, tagged 'serve', without variables or signatures. */
export const savedModel = (nodes: readonly GraphNode[]): Uint8Array =>
  encode('SavedModel', {
    schemaVersion: 1,
    metaGraph: {
      information: { tag: 'serve' },
      graph: { node: nodes, versions: { producer: GRAPH_PRODUCER } },
    },
  });
