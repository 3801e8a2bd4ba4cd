/** The messages of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that a written model needs. */
import { type Field, protobufEncoder } from '../protobuf.ts';

const MESSAGES: Readonly<Record<string, readonly Field[]>> = {
  Model: [
    ['irVersion', 1, 'int64'],
    ['producerName', 2, 'string'],
    ['producerVersion', 3, 'string'],
    ['docString', 6, 'string'],
    ['graph', 7, 'Graph'],
    ['opsetImport', 8, 'OperatorSet', 'repeated'],
    ['metadataProps', 14, 'Entry', 'repeated'],
  ],
  OperatorSet: [
    ['domain', 1, 'string'],
    ['version', 2, 'int64'],
  ],
  Entry: [
    ['key', 1, 'string'],
    ['value', 2, 'string'],
  ],
  Graph: [
    ['node', 1, 'Node', 'repeated'],
    ['name', 2, 'string'],
    ['initializer', 5, 'Tensor', 'repeated'],
    ['input', 11, 'ValueInfo', 'repeated'],
    ['output', 12, 'ValueInfo', 'repeated'],
  ],
  Node: [
    ['input', 1, 'string', 'repeated'],
    ['output', 2, 'string', 'repeated'],
    ['name', 3, 'string'],
    ['opType', 4, 'string'],
    ['attribute', 5, 'Attribute', 'repeated'],
  ],
  Attribute: [
    ['name', 1, 'string'],
    ['f', 2, 'float'],
    ['i', 3, 'int64'],
    ['s', 4, 'bytes'],
    ['ints', 8, 'int64', 'repeated'],
    ['type', 20, 'int32'],
  ],
  Tensor: [
    ['dims', 1, 'int64', 'repeated'],
    ['dataType', 2, 'int32'],
    ['name', 8, 'string'],
    ['rawData', 9, 'bytes'],
  ],
  ValueInfo: [
    ['name', 1, 'string'],
    ['type', 2, 'Type'],
  ],
  Type: [['tensorType', 1, 'TensorType']],
  TensorType: [
    ['elemType', 1, 'int32'],
    ['shape', 2, 'TensorShape'],
  ],
  TensorShape: [['dim', 1, 'Dimension', 'repeated']],
  Dimension: [
    ['dimValue', 1, 'int64'],
    ['dimParam', 2, 'string'],
  ],
};

/** onnx.TensorProto.DataType */
export const FLOAT = 1;
export const INT64 = 7;
/** onnx.AttributeProto.AttributeType */
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_STRING = 3;
const ATTRIBUTE_INTS = 7;

const encode = protobufEncoder(MESSAGES);

/** A model as bytes; `model` by the names above. */
export const encodeModel = (model: Readonly<Record<string, unknown>>): Uint8Array =>
  encode('Model', model);

export type AttributeValue =
  | { readonly f: number }
  | { readonly i: number }
  | { readonly s: string }
  | { readonly ints: readonly number[] };

export function attribute(name: string, value: AttributeValue) {
  if ('f' in value) return { name, type: ATTRIBUTE_FLOAT, f: value.f };
  if ('i' in value) return { name, type: ATTRIBUTE_INT, i: value.i };
  if ('s' in value) return { name, type: ATTRIBUTE_STRING, s: Buffer.from(value.s) };
  return { name, type: ATTRIBUTE_INTS, ints: value.ints };
}
