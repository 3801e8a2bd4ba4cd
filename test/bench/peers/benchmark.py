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
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    return parser.parse_args()


def milliseconds(run):
    start = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - start)


def report(who, version, options, train_step, infer):
    """Times both functions; each must not return before its result is there."""
    for _ in range(WARM_UP_STEPS):
        train_step()
    step = statistics.median(milliseconds(train_step) for _ in range(options.steps))
    peak_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    infer()
    inference = statistics.median(milliseconds(infer) for _ in range(INFERENCE_RUNS))
    print(json.dumps({
        "who": who,
        "version": version,
        "size": options.size,
        "batch": options.batch,
        "base": options.base,
        "threads": options.threads,
        "precision": options.precision,
        "ms_step": round(step, 1),
        "img_s": round(1000 * options.batch / step, 2),
        "infer_img_s": round(1000 * options.batch / inference, 1),
        "peak_memory_mb": round(peak_kilobytes / 1024),
    }))
