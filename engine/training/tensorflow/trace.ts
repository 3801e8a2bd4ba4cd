/**
 * Runs a pure function of tensors as one native TensorFlow graph; on a graphics card as one recorded row of commands
 * (engine/training/webgpu/recording.ts).
 *
 * The first call with inputs of given shapes runs the function on tensors without values and records every native
 * operation it makes, tfjs's own gradients included. The record becomes one graph, and every result comes from that
 * graph. (TensorFlow may choose other kernels for graphs than for single operations, with other last bits: a run that
 * mixed both could not be resumed bit for bit.) Where the engine has no graphs every call is eager.
 *
 * The function must be pure: everything that changes from call to call is among its inputs, and it reads no values.
 * Tensors it makes from numbers, or closes over, become constants of the graph.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Precision } from '../../../shared/entities.ts';
import type { Card } from '../webgpu/card.ts';
import { inHalfPrecision } from '../webgpu/half.ts';
import { record as recordCommands, type Recording } from '../webgpu/recording.ts';
import type { Engine } from './backend.ts';
import type { NarrowOptions } from './bfloat16-graph.ts';
import type { GraphNode } from './graph-def.ts';
import { GraphRecording } from './graph-recording.ts';
import { closeSession, openSession } from './graph-sessions.ts';
import type { NativeBackend } from './native.ts';
import { assertPrecision } from './precision.ts';

export type TensorFunction = (inputs: readonly Tensor[]) => Tensor[];

export interface TracedFunction {
  /** Results belong to the caller. Errors: internal, where the function cannot be traced (see the message). */
  run(inputs: readonly Tensor[]): Tensor[];
  /** Graphs made so far: one for each combination of input shapes. */
  readonly graphCount: number;
  dispose(): void;
}

interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly outputNames: readonly string[];
}

/** An input that is returned as it came is cloned: results belong to the caller, inputs stay. */
const runEagerly = (body: TensorFunction, inputs: readonly Tensor[]): Tensor[] =>
  tf.tidy(() =>
    body(inputs).map((output) => (inputs.includes(output) ? tf.clone(output) : output)),
  );

function record(
  name: string,
  backend: NativeBackend,
  body: TensorFunction,
  inputs: readonly Tensor[],
  narrow: NarrowOptions | null,
): Graph {
  const recording = new GraphRecording(name, backend, narrow);
  inputs.forEach((tensor, i) => recording.input(tensor, `in${i}`));
  const outputs = recording.watch(() => runEagerly(body, inputs));
  const outputNames = outputs.map((tensor, i) => {
    recording.output(tensor, `out${i}`);
    return `out${i}:0`;
  });
  tf.dispose(outputs);
  return { nodes: recording.nodes, outputNames };
}

/** Each holds memory of the card for all that it computes. */
const MOST_RECORDINGS = 4;

/** The same on a graphics card. */
function recorded(backend: Card['backend'], name: string, body: TensorFunction): TracedFunction {
  const recordings = new Map<string, Recording>();
  return {
    run(inputs) {
      const signature = signatureOf(inputs);
      const known = recordings.get(signature);
      // Used last, so last to go.
      recordings.delete(signature);
      if (known !== undefined) {
        recordings.set(signature, known);
        return known.run(inputs);
      }
      for (const [oldest, one] of recordings) {
        if (recordings.size < MOST_RECORDINGS || one.updatesInputs) break;
        one.dispose();
        recordings.delete(oldest);
      }
      const { recording, outputs } = recordCommands(backend, name, body, inputs);
      recordings.set(signature, recording);
      return outputs;
    },
    get graphCount() {
      return recordings.size;
    },
    dispose() {
      for (const recording of recordings.values()) recording.dispose();
      recordings.clear();
    },
  };
}

const signatureOf = (inputs: readonly Tensor[]) =>
  inputs.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`).join(' ');

/**
 * `name` appears in error messages. `precision`: bfloat16 is what bfloat16-graph.ts makes of it, float16 what a graphics card
 * keeps between layers (webgpu/half.ts); inputs and results are float32 either way. Errors: unsupported, where this computer
 * does not have it (precision.ts).
 */
export function trace(
  engine: Engine,
  name: string,
  body: TensorFunction,
  precision: Precision = 'float32',
): TracedFunction {
  assertPrecision(engine, precision);
  const backend = engine.native;
  if (engine.card !== null) {
    const inPrecision: TensorFunction =
      precision === 'float16' ? (inputs) => inHalfPrecision(() => body(inputs)) : body;
    return recorded(engine.card.backend, name, inPrecision);
  }
  if (backend === null || !engine.traced) {
    return {
      run: (inputs) => runEagerly(body, inputs),
      graphCount: 0,
      dispose: () => undefined,
    };
  }
  const activations = engine.operations.includes('bfloat16 activations');
  const narrow = precision === 'bfloat16' ? { activations } : null;
  const graphs = new Map<
    string,
    { session: number; key: string; outputNames: readonly string[] }
  >();
  return {
    run(inputs) {
      const signature = signatureOf(inputs);
      let graph = graphs.get(signature);
      if (graph === undefined) {
        const { nodes, outputNames } = record(name, backend, body, inputs, narrow);
        graph = { ...openSession(backend, nodes), outputNames };
        graphs.set(signature, graph);
      }
      const inputInfos = inputs.map((_, i) => ({ name: `in${i}:0`, tfDtype: '' }));
      return backend.runSavedModel(graph.session, inputs, inputInfos, graph.outputNames);
    },
    get graphCount() {
      return graphs.size;
    },
    dispose() {
      for (const { key } of graphs.values()) closeSession(backend, key);
      graphs.clear();
    },
  };
}
