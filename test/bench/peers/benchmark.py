"""What the two peers of the training benchmark share: flags, timing, and the line of JSON that they end with.

Flags and keys are those of test/bench/train.ts.
"""
import argparse
import json
import resource
import statistics
import time

WARM_UP_STEPS = 3
INFERENCE_RUNS = 5


def flags(description):
    parser = argparse.ArgumentParser(description=description)
    for name, value in (("size", 128), ("batch", 8), ("base", 16), ("steps", 15), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    return parser.parse_args()


def milliseconds(run):
    """Of the clock, and of the processor with all threads."""
    start, processor_start = time.perf_counter(), time.process_time()
    run()
    return 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - processor_start)


def report(who, version, options, train_step, infer):
    """Times both functions; each must not return before its result is there."""
    for _ in range(WARM_UP_STEPS):
        train_step()
    steps = [milliseconds(train_step) for _ in range(options.steps)]
    step = statistics.median(clock for clock, _ in steps)
    processor = statistics.median(used for _, used in steps)
    peak_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    infer()
    inferences = [milliseconds(infer) for _ in range(INFERENCE_RUNS)]
    inference = statistics.median(clock for clock, _ in inferences)
    inference_processor = statistics.median(used for _, used in inferences)
    print(json.dumps({
        "who": who,
        "version": version,
        "size": options.size,
        "batch": options.batch,
        "base": options.base,
        "threads": options.threads,
        "precision": options.precision,
        "ms_step": round(step, 1),
        "cpu_ms_step": round(processor, 1),
        "img_s": round(1000 * options.batch / step, 2),
        "infer_img_s": round(1000 * options.batch / inference, 1),
        "cpu_ms_infer": round(inference_processor, 1),
        "peak_memory_mb": round(peak_kilobytes / 1024),
    }))
