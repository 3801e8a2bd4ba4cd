/**
 * The part of tfjs-node's backend that Graft speaks to directly: TensorFlow's own operations by name, and graphs
 * loaded as one callable. Only backend.ts obtains it; only layers-native.ts and trace.ts use it.
 */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { AttributeKind, AttributeValue } from './graph-def.ts';

/** As tfjs-node's addon wants an attribute: `type` is one of the binding's TF_ATTR_* numbers. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: AttributeValue;
}

/** Numbers that the addon exports. */
export interface NativeConstants {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_FLOAT: number;
  readonly TF_Version: string;
}

type TypedArray = Float32Array | Int32Array | Uint8Array;

/** tfjs-node's NodeJSKernelBackend, as far as used here. Results belong to the enclosing tf.tidy, or to the caller. */
export interface NativeBackend {
  readonly binding: NativeConstants;
  executeSingleOutput(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
  ): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[];
  /** A tensor for the native one of that id; it needs no native one where the id is negative. */
  createOutputTensor(native: { id: number; shape: number[]; dtype: number }): Tensor;
  readSync(dataId: TensorInfo['dataId']): TypedArray;
  read(dataId: TensorInfo['dataId']): Promise<TypedArray>;
  /** Returns the id of a session over the graph tagged `tags` in the folder. */
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(
    session: number,
    inputs: readonly Tensor[],
    inputInfos: readonly { readonly name: string; readonly tfDtype: string }[],
    outputNames: readonly string[],
  ): Tensor[];
  deleteSavedModel(session: number): void;
}

export function isNativeBackend(backend: unknown): backend is NativeBackend {
  return (
    typeof backend === 'object' &&
    backend !== null &&
    'binding' in backend &&
    'executeSingleOutput' in backend &&
    'executeMultipleOutputs' in backend &&
    'createOutputTensor' in backend &&
    'loadSavedModelMetaGraph' in backend &&
    'runSavedModel' in backend
  );
}

/** TF_ATTR_* number of each kind, and back. */
export function attributeTypes(
  constants: NativeConstants,
): Readonly<Record<AttributeKind, number>> {
  return {
    string: constants.TF_ATTR_STRING,
    int: constants.TF_ATTR_INT,
    float: constants.TF_ATTR_FLOAT,
    bool: constants.TF_ATTR_BOOL,
    type: constants.TF_ATTR_TYPE,
    shape: constants.TF_ATTR_SHAPE,
  };
}
