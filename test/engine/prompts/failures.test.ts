/** What onnxruntime says, in words for people. */
import { expect, it } from 'vitest';
import { failureOf } from '../../../engine/prompts/failures.ts';

const told = (said: string) =>
  failureOf('/networks/encoder.onnx', {
    error: new Error(said),
    what: (reason) => `It failed (${reason}).`,
  }).message;

it('tells a lack of memory from a fault of the file', () => {
  const allocation =
    "Non-zero status code returned while running ConstantOfShape node. Name:'' Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 40000000000";
  for (const said of [allocation, 'std::bad_alloc', 'bad allocation']) {
    expect(told(said)).toMatch(/^encoder\.onnx needs more memory than there is\. Close other/);
  }
});

it('leaves out where in the source of onnxruntime it was said', () => {
  const said =
    'Load model from a.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:187 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&) ModelProto does not have a graph.';
  expect(told(said)).toBe(
    'It failed (Load model from a.onnx failed:ModelProto does not have a graph.).',
  );
});
