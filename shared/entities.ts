/**
 * What a project holds, as the engine, the command line and the window see it.
 * Schemas here are the only description of these shapes; they are parsed at every border
 * (calls, stored JSON, messages of the trainer) and trusted inside.
 */
export * from './entities/computing.ts';
export * from './entities/data.ts';
export * from './entities/network.ts';
export * from './entities/training.ts';
export * from './entities/run.ts';
export * from './entities/encoder.ts';
export * from './entities/model.ts';
export * from './entities/study.ts';
export * from './entities/live.ts';
export * from './entities/assist.ts';
export * from './entities/elsewhere.ts';
