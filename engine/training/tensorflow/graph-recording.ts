/** What one run of a function of tensors does, recorded as nodes of a TensorFlow graph while it goes over tensors without values. */
import type { DataType, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { AppError } from '../../../shared/errors.ts';
import { type Attributes, Bfloat16Graph, type NarrowOptions } from './bfloat16-graph.ts';
import {
  attribute,
  type AttributeKind,
  DT_BOOL,
  DT_FLOAT,
  DT_INT32,
  type GraphNode,
  graphNode,
  tensorAttribute,
} from './graph-def.ts';
import { attributeTypes, type NativeBackend, type OpAttribute } from './native.ts';
import { inferOutputs } from './shape-rules.ts';

const DATA_TYPES: Readonly<Record<string, number>> = {
  float32: DT_FLOAT,
  int32: DT_INT32,
  bool: DT_BOOL,
};

/** Type attributes that tfjs-node leaves to eager execution, which takes them from the input of that index. */
const INFERRED_TYPES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ExpandDims: { T: 0, Tdim: 1 },
  Fill: { index_type: 0, T: 1 },
  OnesLike: { T: 0 },
  ZerosLike: { T: 0 },
};

const TYPE_NAMES = new Map(
  Object.entries(DATA_TYPES).map(([name, code]) => [code, name as DataType]), // its keys are data types
);

const notTraceable = (name: string, reason: string) =>
  new AppError('internal', `The step "${name}" cannot be traced: ${reason}.`);

/** No native tensor: the backend leaves negative ids alone. */
const WITHOUT_VALUES = -1;

/** Collects the operations of one run as graph nodes. Tensors are known by their dataId, which clones share. */
export class GraphRecording {
  readonly nodes: GraphNode[] = [];
  readonly #name: string;
  readonly #backend: NativeBackend;
  readonly #kinds: ReadonlyMap<number, AttributeKind>;
  readonly #references = new Map<TensorInfo['dataId'], string>();
  /** Tensors whose values are known only when the graph runs. */
  readonly #computed = new Set<TensorInfo['dataId']>();
  readonly #readValues: NativeBackend['readSync'];
  /** null: all of the graph is in float32. */
  readonly #bfloat16: Bfloat16Graph | null;

  constructor(name: string, backend: NativeBackend, narrow: NarrowOptions | null) {
    this.#name = name;
    this.#backend = backend;
    this.#bfloat16 = narrow && new Bfloat16Graph((...node) => this.#node(...node), narrow);
    const types = Object.entries(attributeTypes(backend.binding));
    this.#kinds = new Map(types.map(([kind, type]) => [type, kind as AttributeKind])); // keys of a Record<AttributeKind, …>
    this.#readValues = backend.readSync.bind(backend);
  }

  #dataType(tensor: TensorInfo): number {
    const type = DATA_TYPES[tensor.dtype];
    if (type === undefined) {
      throw notTraceable(this.#name, `it uses a tensor of type ${tensor.dtype}`);
    }
    return type;
  }

  input(tensor: TensorInfo, name: string): void {
    if (this.#references.has(tensor.dataId)) {
      throw notTraceable(
        this.#name,
        'two of its inputs are one tensor; pass tensors with data of their own',
      );
    }
    const attributes = [
      ['dtype', attribute('type', this.#dataType(tensor))],
      ['shape', attribute('shape', tensor.shape)],
    ] as const;
    this.nodes.push(graphNode({ name, op: 'Placeholder', inputs: [], attributes }));
    this.#references.set(tensor.dataId, name);
    this.#computed.add(tensor.dataId);
  }

  /** Name of the graph edge that carries a tensor; one that no recorded operation made becomes a constant. */
  #reference(tensor: TensorInfo): string {
    const known = this.#references.get(tensor.dataId);
    if (known !== undefined) return known;
    const name = `c${this.nodes.length}`;
    const values = this.#readValues(tensor.dataId);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const dataType = this.#dataType(tensor);
    const attributes = [
      ['dtype', attribute('type', dataType)],
      ['value', tensorAttribute(dataType, tensor.shape, bytes)],
    ] as const;
    this.nodes.push(graphNode({ name, op: 'Const', inputs: [], attributes }));
    this.#references.set(tensor.dataId, name);
    return name;
  }

  /** Results of an operation that is not run: tensors with shape and type, and no values. */
  #outputs(
    op: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
  ): Tensor[] {
    const outputs = inferOutputs({
      op,
      inputs,
      attribute: (name) => attributes.find((a) => a.name === name)?.value,
      constant: (index) => this.#constant(op, inputs[index]),
      dataType: (code) => TYPE_NAMES.get(code) ?? 'float32',
    });
    if (outputs === undefined) {
      throw notTraceable(this.#name, `shape-rules.ts has no rule for the operation ${op} yet`);
    }
    return outputs.map(({ shape, dtype }) =>
      this.#backend.createOutputTensor({
        id: WITHOUT_VALUES,
        shape: [...shape],
        dtype: DATA_TYPES[dtype] ?? DT_FLOAT,
      }),
    );
  }

  /** Values of a tensor that no recorded operation made. */
  #constant(op: string, tensor: TensorInfo | undefined): number[] {
    if (tensor === undefined || this.#computed.has(tensor.dataId)) {
      throw notTraceable(this.#name, `the shape of ${op} depends on computed values`);
    }
    return Array.from(this.#readValues(tensor.dataId));
  }

  operation(
    op: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
  ): Tensor[] {
    const encoded = attributes.map(({ name, type, value }) => {
      const kind = this.#kinds.get(type);
      if (kind === undefined) {
        throw notTraceable(this.#name, `${op} has an attribute "${name}" of unknown type ${type}`);
      }
      return [name, attribute(kind, value)] as const;
    });
    for (const [attributeName, index] of Object.entries(INFERRED_TYPES[op] ?? {})) {
      const tensor = inputs[index];
      if (tensor === undefined) continue;
      encoded.push([attributeName, attribute('type', this.#dataType(tensor))]);
    }
    const edges = inputs.map((tensor) => this.#reference(tensor));
    const shapes = inputs.map(({ shape }) => shape);
    const name =
      this.#bfloat16?.operation(op, edges, encoded, shapes) ?? this.#node(op, edges, encoded);
    const outputs = this.#outputs(op, attributes, inputs);
    outputs.forEach((tensor, i) => {
      this.#references.set(tensor.dataId, i === 0 ? name : `${name}:${i}`);
      this.#computed.add(tensor.dataId);
    });
    return outputs;
  }

  #node(op: string, edges: readonly string[], attributes: Attributes): string {
    const name = `n${this.nodes.length}`;
    this.nodes.push(graphNode({ name, op, inputs: edges, attributes }));
    return name;
  }

  /** An output of the graph is a node of its own, so that inputs and constants may be outputs, too. */
  output(tensor: TensorInfo, name: string): void {
    const attributes = [['T', attribute('type', this.#dataType(tensor))]] as const;
    const edge = this.#reference(tensor);
    const inputs = [this.#bfloat16?.wide(edge) ?? edge];
    this.nodes.push(graphNode({ name, op: 'Identity', inputs, attributes }));
  }

  /** Runs `body` with the backend's doors watched: operations are recorded instead of run, values and chance are refused. */
  watch<T>(body: () => T): T {
    const backend = this.#backend;
    const refuse = () => {
      throw notTraceable(
        this.#name,
        'it reads values of a tensor (data, dataSync, array …); return them as outputs instead',
      );
    };
    const random = Math.random;
    // Own properties shadow the methods of the class, and are taken away again afterwards.
    const doors = {
      executeSingleOutput: ((op, attributes, inputs) => {
        const [output] = this.operation(op, attributes, inputs);
        if (output === undefined) throw new Error(`${op} has no output`);
        return output;
      }) satisfies NativeBackend['executeSingleOutput'],
      executeMultipleOutputs: ((op, attributes, inputs) =>
        this.operation(op, attributes, inputs)) satisfies NativeBackend['executeMultipleOutputs'],
      readSync: refuse,
      read: refuse,
    };
    const before = Object.getOwnPropertyDescriptors(backend);
    Object.assign(backend, doors);
    Math.random = () => {
      throw notTraceable(this.#name, 'it draws random numbers; draw them outside and pass them in');
    };
    try {
      return body();
    } finally {
      Math.random = random;
      for (const door of Object.keys(doors)) {
        const own = Object.getOwnPropertyDescriptor(before, door);
        if (own === undefined) Reflect.deleteProperty(backend, door);
        else Object.defineProperty(backend, door, own.value as PropertyDescriptor); // a map of descriptors
      }
    }
  }
}
