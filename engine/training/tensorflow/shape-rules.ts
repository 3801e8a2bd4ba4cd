/**
 * Shape and type of what a TensorFlow operation returns, without running it: what trace.ts needs to record a function
 * in milliseconds and without the memory of an eager run. One rule an operation; an operation without a rule is
 * reported by name. Rules follow TensorFlow's own shape functions (tensorflow/core/ops/*_ops.cc).
 */
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { AttributeValue } from './graph-def.ts';

type Shape = readonly number[];
export type OutputInfo = Pick<TensorInfo, 'dtype'> & { readonly shape: Shape };

/** An operation as it is called. */
export interface OperationCall {
  readonly op: string;
  readonly inputs: readonly TensorInfo[];
  attribute(name: string): AttributeValue | undefined;
  /** Values of an input that is a constant: an axis, a size. */
  constant(index: number): readonly number[];
  /** Type for a TF_DataType number. */
  dataType(code: number): DataType;
}

type Rule = (call: OperationCall) => OutputInfo[];

function inputAt(call: OperationCall, index: number): TensorInfo {
  const input = call.inputs[index];
  if (input === undefined) throw new Error(`${call.op} has no input ${index}`);
  return input;
}

const numbers = (value: AttributeValue | undefined): number[] =>
  Array.isArray(value) ? value.map(Number) : [];

/** NumPy's broadcasting of two shapes that are known to fit. */
function broadcast(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [m = 1, n = 1] = [a[a.length - rank + i], b[b.length - rank + i]];
    return m === 1 ? n : m;
  });
}

/** Each output has shape and type of one of the inputs. */
const likeEach =
  (...indices: readonly number[]): Rule =>
  (call) =>
    indices.map((index) => {
      const { shape, dtype } = inputAt(call, index);
      return { shape, dtype };
    });
const like = (index: number): Rule => likeEach(index);

const binary =
  (dtype?: DataType): Rule =>
  (call) => {
    const [a, b] = [inputAt(call, 0), inputAt(call, 1)];
    return [{ shape: broadcast(a.shape, b.shape), dtype: dtype ?? a.dtype }];
  };

const truthOf: Rule = (call) => [{ shape: inputAt(call, 0).shape, dtype: 'bool' }];

const axisOf = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

const reduction: Rule = (call) => {
  const { shape, dtype } = inputAt(call, 0);
  const axes = new Set(call.constant(1).map((axis) => axisOf(axis, shape.length)));
  const kept = call.attribute('keep_dims') === true;
  const reduced = shape.map((size, i) => (axes.has(i) ? 1 : size));
  return [{ shape: kept ? reduced : reduced.filter((_, i) => !axes.has(i)), dtype }];
};

const extremeIndex: Rule = (call) => {
  const { shape } = inputAt(call, 0);
  const axis = axisOf(call.constant(1)[0] ?? 0, shape.length);
  return [{ shape: shape.filter((_, i) => i !== axis), dtype: 'int32' }];
};

/** Height and width after a window of `sides` moves over the input (convolution and pooling, channels last). */
function windowed(call: OperationCall, sides: Shape): [number, number] {
  const { shape } = inputAt(call, 0);
  const strides = numbers(call.attribute('strides'));
  const dilations = numbers(call.attribute('dilations'));
  const along = (axis: 1 | 2) => {
    const size = shape[axis] ?? 0;
    const stride = strides[axis] ?? 1;
    if (call.attribute('padding') === 'SAME') return Math.ceil(size / stride);
    const side = ((sides[axis - 1] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    return Math.ceil((size - side + 1) / stride);
  };
  return [along(1), along(2)];
}

const convolution: Rule = (call) => {
  const [x, kernel] = [inputAt(call, 0), inputAt(call, 1)];
  const [height, width] = windowed(call, kernel.shape);
  const shape = [x.shape[0] ?? 0, height, width, kernel.shape[3] ?? 0];
  return [{ shape, dtype: x.dtype }];
};

/** Of a 3×3 convolution, from its input and the gradient of its output. */
const gradientOfKernel: Rule = (call) => {
  const [x, dy] = [inputAt(call, 0), inputAt(call, 1)];
  return [{ shape: [3, 3, x.shape[3] ?? 0, dy.shape[3] ?? 0], dtype: x.dtype }];
};

const pooling: Rule = (call) => {
  const x = inputAt(call, 0);
  const [height, width] = windowed(call, numbers(call.attribute('ksize')).slice(1, 3));
  return [{ shape: [x.shape[0] ?? 0, height, width, x.shape[3] ?? 0], dtype: x.dtype }];
};

/** The input at `index` holds the shape of the result. */
const shapeFrom =
  (index: number, typeFrom: number): Rule =>
  (call) => [{ shape: call.constant(index), dtype: inputAt(call, typeFrom).dtype }];

const RULES: Readonly<Record<string, Rule>> = {
  ArgMax: extremeIndex,
  ArgMin: extremeIndex,
  AvgPool: pooling,
  AvgPoolGrad: shapeFrom(0, 1),
  BatchMatMulV2(call) {
    const [a, b] = [inputAt(call, 0), inputAt(call, 1)];
    const rows = a.shape.at(call.attribute('adj_x') === true ? -1 : -2) ?? 0;
    const columns = b.shape.at(call.attribute('adj_y') === true ? -2 : -1) ?? 0;
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return [{ shape: [...batch, rows, columns], dtype: a.dtype }];
  },
  BiasAdd: like(0),
  BiasAddGrad: (call) => {
    const { shape, dtype } = inputAt(call, 0);
    return [{ shape: shape.slice(-1), dtype }];
  },
  Cast: (call) => [
    { shape: inputAt(call, 0).shape, dtype: call.dataType(Number(call.attribute('DstT'))) },
  ],
  ConcatV2(call) {
    const parts = call.inputs.slice(0, -1);
    const { shape, dtype } = inputAt(call, 0);
    const axis = axisOf(call.constant(parts.length)[0] ?? 0, shape.length);
    const total = parts.reduce((sum, part) => sum + (part.shape[axis] ?? 0), 0);
    return [{ shape: shape.map((size, i) => (i === axis ? total : size)), dtype }];
  },
  Conv2D: convolution,
  Conv2DBackpropFilter: shapeFrom(1, 0),
  Conv2DBackpropInput: shapeFrom(0, 1),
  DepthwiseConv2dNative(call) {
    const [x, kernel] = [inputAt(call, 0), inputAt(call, 1)];
    const [height, width] = windowed(call, kernel.shape);
    const channels = (x.shape[3] ?? 0) * (kernel.shape[3] ?? 0);
    return [{ shape: [x.shape[0] ?? 0, height, width, channels], dtype: x.dtype }];
  },
  DepthwiseConv2dNativeBackpropFilter: shapeFrom(1, 0),
  DepthwiseConv2dNativeBackpropInput: shapeFrom(0, 1),
  ExpandDims(call) {
    const { shape, dtype } = inputAt(call, 0);
    const axis = axisOf(call.constant(1)[0] ?? 0, shape.length + 1);
    return [{ shape: shape.toSpliced(axis, 0, 1), dtype }];
  },
  Fill: shapeFrom(0, 1),
  FusedBatchNormV3(call) {
    const [x, scale] = [inputAt(call, 0), inputAt(call, 1)];
    const statistics = { shape: scale.shape, dtype: scale.dtype };
    // The last one is for the matching gradient only.
    return [{ shape: x.shape, dtype: x.dtype }, ...new Array<OutputInfo>(5).fill(statistics)];
  },
  FusedBatchNormGradV3(call) {
    const [x, scale] = [inputAt(call, 1), inputAt(call, 2)];
    const parameter = { shape: scale.shape, dtype: scale.dtype };
    return [{ shape: x.shape, dtype: x.dtype }, ...new Array<OutputInfo>(4).fill(parameter)];
  },
  GraftAdamW: likeEach(0, 1, 2),
  GraftBatchNorm: likeEach(0, 1, 1, 1),
  GraftBatchNormGrad: likeEach(1, 2, 3),
  GraftConvolution(call) {
    const [x, kernel] = [inputAt(call, 0), inputAt(call, 1)];
    const outputs = kernel.shape[call.attribute('turned') === true ? 2 : 3] ?? 0;
    return [{ shape: [...x.shape.slice(0, 3), outputs], dtype: x.dtype }];
  },
  GraftUpsampledConvolution(call) {
    const [{ shape, dtype }, kernel] = [inputAt(call, 0), inputAt(call, 1)];
    const [batch = 0, height = 0, width = 0] = shape;
    return [{ shape: [batch, 2 * height, 2 * width, kernel.shape[3] ?? 0], dtype }];
  },
  GraftFilterGradient: gradientOfKernel,
  GraftUpsampledKernelGradient: gradientOfKernel,
  GraftUpsampledInputGradient(call) {
    const [{ shape, dtype }, kernel] = [inputAt(call, 0), inputAt(call, 1)];
    const [batch = 0, height = 0, width = 0] = shape;
    return [{ shape: [batch, height / 2, width / 2, kernel.shape[2] ?? 0], dtype }];
  },
  GraftMaxPool(call) {
    const { shape, dtype } = inputAt(call, 0);
    const [batch = 0, height = 0, width = 0, channels = 0] = shape;
    return [{ shape: [batch, height / 2, width / 2, channels], dtype }];
  },
  GraftMaxPoolGrad: like(0),
  GatherV2(call) {
    const [x, indices] = [inputAt(call, 0), inputAt(call, 1)];
    const axis = axisOf(call.constant(2)[0] ?? 0, x.shape.length);
    const batchDims = Number(call.attribute('batch_dims') ?? 0);
    const shape = x.shape.toSpliced(axis, 1, ...indices.shape.slice(batchDims));
    return [{ shape, dtype: x.dtype }];
  },
  LogicalNot: truthOf,
  IsFinite: truthOf,
  IsInf: truthOf,
  IsNan: truthOf,
  MaxPool: pooling,
  MaxPoolGrad: like(0),
  OneHot(call) {
    const [indices, on] = [inputAt(call, 0), inputAt(call, 2)];
    return [{ shape: [...indices.shape, call.constant(1)[0] ?? 0], dtype: on.dtype }];
  },
  Pack(call) {
    const { shape, dtype } = inputAt(call, 0);
    const axis = axisOf(Number(call.attribute('axis') ?? 0), shape.length + 1);
    return [{ shape: shape.toSpliced(axis, 0, call.inputs.length), dtype }];
  },
  PadV2(call) {
    const { shape, dtype } = inputAt(call, 0);
    const around = call.constant(1);
    const padded = shape.map((size, i) => size + (around[2 * i] ?? 0) + (around[2 * i + 1] ?? 0));
    return [{ shape: padded, dtype }];
  },
  Relu6Grad: like(0),
  ReluGrad: like(0),
  Reshape(call) {
    const { shape, dtype } = inputAt(call, 0);
    const wanted = call.constant(1);
    const size = shape.reduce((product, n) => product * n, 1);
    const known = wanted.reduce((product, n) => (n === -1 ? product : product * n), 1);
    return [{ shape: wanted.map((n) => (n === -1 ? size / known : n)), dtype }];
  },
  ReverseV2: like(0),
  Select: like(1),
  Slice(call) {
    const { shape, dtype } = inputAt(call, 0);
    const [begin, size] = [call.constant(1), call.constant(2)];
    const cut = shape.map((whole, i) => {
      const wanted = size[i] ?? -1;
      return wanted === -1 ? whole - (begin[i] ?? 0) : wanted;
    });
    return [{ shape: cut, dtype }];
  },
  SplitV(call) {
    const { shape, dtype } = inputAt(call, 0);
    const axis = axisOf(call.constant(2)[0] ?? 0, shape.length);
    return call
      .constant(1)
      .map((part) => ({ shape: shape.map((size, i) => (i === axis ? part : size)), dtype }));
  },
  Tile(call) {
    const { shape, dtype } = inputAt(call, 0);
    const repeats = call.constant(1);
    return [{ shape: shape.map((size, i) => size * (repeats[i] ?? 1)), dtype }];
  },
  Transpose(call) {
    const { shape, dtype } = inputAt(call, 0);
    return [{ shape: call.constant(1).map((axis) => shape[axis] ?? 0), dtype }];
  },
  Unpack(call) {
    const { shape, dtype } = inputAt(call, 0);
    const axis = axisOf(Number(call.attribute('axis') ?? 0), shape.length);
    const part = { shape: shape.filter((_, i) => i !== axis), dtype };
    return new Array<OutputInfo>(Number(call.attribute('num'))).fill(part);
  },
  UnsortedSegmentSum(call) {
    const [data, ids] = [inputAt(call, 0), inputAt(call, 1)];
    const shape = [call.constant(2)[0] ?? 0, ...data.shape.slice(ids.shape.length)];
    return [{ shape, dtype: data.dtype }];
  },
};

/** Operations that work entry by entry. */
const UNARY =
  'Abs Ceil Cos Elu Erf Exp Expm1 Floor Log Log1p Neg OnesLike Reciprocal Relu Relu6 Round Rsqrt Sigmoid Sign Sin Softmax Softplus Sqrt Square Tanh ZerosLike';
const BINARY =
  'Add Div DivNoNan FloorDiv FloorMod Maximum Minimum Mul Pow RealDiv SquaredDifference Sub';
const COMPARISONS = 'Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr NotEqual';
const REDUCTIONS = 'All Any Max Mean Min Prod Sum';

const rules = new Map<string, Rule>([
  ...Object.entries(RULES),
  ...UNARY.split(' ').map((op) => [op, like(0)] as const),
  ...BINARY.split(' ').map((op) => [op, binary()] as const),
  ...COMPARISONS.split(' ').map((op) => [op, binary('bool')] as const),
  ...REDUCTIONS.split(' ').map((op) => [op, reduction] as const),
]);

/** Outputs of an operation in order; undefined where there is no rule for it. */
export const inferOutputs = (call: OperationCall): OutputInfo[] | undefined =>
  rules.get(call.op)?.(call);
