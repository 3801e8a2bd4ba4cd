/**
 * All tests that compute on the card of this computer, one after the other in one process: opening a card and compiling
 * kernels for it takes a software driver longer than what they compute.
 */
import { vi } from 'vitest';
import './kernels.ts';
import './recording.ts';
import './training-step.ts';
import './tasks.ts';
import './prediction.ts';
import './memory.ts';
import './waiting.ts';
// The last one on it: afterwards the card is lost.
import './run.ts';
// Others, in its place.
import './submission-sizes.ts';
import './half-precision.ts';

// As it is, but for a test that takes all kernels for long ones.
vi.mock('../../../../engine/training/webgpu/submissions.ts', { spy: true });
