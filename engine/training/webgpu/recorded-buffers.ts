/**
 * The buffers of one recording, in the place of tfjs's pool while it is made. A buffer that held computed values is used
 * again for the next ones of its size; one that was filled from the host never is, since it is filled but once.
 */

const isFilledByHost = (usage: GPUBufferUsageFlags) =>
  (usage & (GPUBufferUsage.UNIFORM | GPUBufferUsage.MAP_WRITE)) !== 0;

/** What tfjs's BufferManager does. */
export interface BufferPool {
  readonly numBytesUsed: number;
  readonly numBytesAllocated: number;
  acquireBuffer(
    size: number,
    usage: GPUBufferUsageFlags,
    mappedAtCreation?: boolean,
    reuse?: boolean,
  ): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
}

export class RecordedBuffers implements BufferPool {
  readonly #device: GPUDevice;
  readonly #all: GPUBuffer[] = [];
  /** By size and usage. */
  readonly #free = new Map<string, GPUBuffer[]>();
  readonly #constant = new Set<GPUBuffer>();
  #isClosed = false;
  numBytesAllocated = 0;
  numBytesUsed = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  #create(size: number, usage: GPUBufferUsageFlags, mappedAtCreation: boolean): GPUBuffer {
    if (this.#isClosed) throw new Error('a recording takes no more memory once it is made');
    const buffer = this.#device.createBuffer({ size, usage, mappedAtCreation });
    this.#all.push(buffer);
    this.numBytesAllocated += size;
    return buffer;
  }

  /** A buffer that holds an input from call to call. */
  keep(size: number): GPUBuffer {
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    return this.#create(size, STORAGE | COPY_SRC | COPY_DST, false);
  }

  acquireBuffer(size: number, usage: GPUBufferUsageFlags, mappedAtCreation = false): GPUBuffer {
    this.numBytesUsed += size;
    if (!mappedAtCreation && !isFilledByHost(usage)) {
      const free = this.#free.get(`${size} ${usage}`)?.pop();
      if (free !== undefined) return free;
      return this.#create(size, usage, false);
    }
    const buffer = this.#create(size, usage, mappedAtCreation);
    this.#constant.add(buffer);
    return buffer;
  }

  releaseBuffer(buffer: GPUBuffer): void {
    const { size, usage } = buffer;
    this.numBytesUsed -= size;
    if (this.#constant.has(buffer)) return;
    const key = `${size} ${usage}`;
    const free = this.#free.get(key) ?? [];
    free.push(buffer);
    this.#free.set(key, free);
  }

  /** The recording is made: nothing is taken any more. */
  close(): void {
    this.#isClosed = true;
    this.#free.clear();
  }

  dispose(): void {
    for (const buffer of this.#all) buffer.destroy();
    this.#all.length = 0;
  }
}
