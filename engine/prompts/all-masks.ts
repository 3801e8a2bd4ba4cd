/**
 * The masks among which a decoder chooses before it answers. SAM's export for a single mask computes four with a score
 * each and answers one of them: here its graph is given all of them as outputs too.
 */
import { Reader, Writer } from 'protobufjs/minimal.js';

/** Field numbers of onnx.proto. */
const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, output: 12 } as const;
const NODE = { input: 1, output: 2, opType: 4 } as const;
const VALUE = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1 } as const;
const TENSOR = { elemType: 1 } as const;
const FLOAT = 1;

/** Operations between what is chosen from and what is answered. */
const CHOOSING = new Set(['Unsqueeze', 'Reshape', 'Gather', 'Flatten']);
const MOST_STEPS = 8;

interface Node {
  readonly opType: string;
  readonly input: string;
}

/** Calls `visit` for each field of a message up to `end`; what it does not read is skipped. */
function fields(reader: Reader, end: number, visit: (field: number) => boolean): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!visit(tag >>> 3)) reader.skipType(tag & 7);
  }
}

const endOf = (reader: Reader) => {
  const length = reader.uint32();
  return reader.pos + length;
};

/** What makes each value: its operation and first input. */
function makers(model: Uint8Array): Map<string, Node> {
  const found = new Map<string, Node>();
  const reader = Reader.create(model);
  const node = (end: number) => {
    const inputs: string[] = [];
    const outputs: string[] = [];
    let opType = '';
    fields(reader, end, (field) => {
      if (field === NODE.input) inputs.push(reader.string());
      else if (field === NODE.output) outputs.push(reader.string());
      else if (field === NODE.opType) opType = reader.string();
      else return false;
      return true;
    });
    for (const output of outputs) found.set(output, { opType, input: inputs[0] ?? '' });
  };
  fields(reader, reader.len, (field) => {
    if (field !== MODEL.graph) return false;
    fields(reader, endOf(reader), (inner) => {
      if (inner === GRAPH.node) node(endOf(reader));
      return inner === GRAPH.node;
    });
    return true;
  });
  return found;
}

/** What an answer is one row of; null where it is not chosen that way. */
function chosenFrom(answer: string, nodes: ReadonlyMap<string, Node>): string | null {
  let name = answer;
  let gathered = false;
  for (let step = 0; step < MOST_STEPS; step++) {
    const node = nodes.get(name);
    if (node === undefined || !CHOOSING.has(node.opType)) return null;
    gathered ||= node.opType === 'Gather';
    if (node.opType === 'Flatten') return gathered ? node.input : null;
    name = node.input;
  }
  return null;
}

export interface AllMasks {
  /** Names of outputs: [1, masks, 256, 256] and [1, masks]. */
  readonly masks: string;
  readonly scores: string;
  /** The decoder with both among its outputs. */
  readonly model: Uint8Array;
}

/** null where a decoder answers all that it has, or chooses in another way. Errors: where `model` is no ONNX file. */
export function withAllMasks(model: Uint8Array): AllMasks | null {
  const nodes = makers(model);
  const masks = chosenFrom('low_res_masks', nodes);
  const scores = chosenFrom('iou_predictions', nodes);
  if (masks === null || scores === null) return null;
  const writer = Writer.create()
    .uint32((MODEL.graph << 3) | 2)
    .fork();
  for (const name of [masks, scores]) {
    writer.uint32((GRAPH.output << 3) | 2).fork();
    writer.uint32((VALUE.name << 3) | 2).string(name);
    writer.uint32((VALUE.type << 3) | 2).fork();
    writer.uint32((TYPE.tensor << 3) | 2).fork();
    writer.uint32(TENSOR.elemType << 3).int32(FLOAT);
    writer.ldelim().ldelim().ldelim();
  }
  // Messages of one field are read as one: the second graph adds its outputs to the first.
  const more = writer.ldelim().finish();
  const joined = new Uint8Array(model.length + more.length);
  joined.set(model);
  joined.set(more, model.length);
  return { masks, scores, model: joined };
}
