"""Writes vectors.json: the p-values that NIST's program gives for sequences made by a recurrence.

    python3 vectors.py STS > vectors.json

STS is the folder of NIST's Statistical Test Suite 2.1.2, built there with `make`, with the folders of experiments/ made by
experiments/create-dir-script.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

NAMES = ["Frequency", "BlockFrequency", "CumulativeSums", "Runs", "LongestRun", "Rank", "FFT", "NonOverlappingTemplate",
         "OverlappingTemplate", "Universal", "ApproximateEntropy", "RandomExcursions", "RandomExcursionsVariant", "Serial",
         "LinearComplexity"]

# bits, seed, threshold: a bit is a one where the top byte of the state is below threshold, of 256.
RECIPES = [(128, 1, 128), (1000, 2, 128), (4096, 3, 128), (6271, 4, 128), (6272, 5, 128), (9999, 6, 128), (10007, 7, 129),
           (38912, 8, 128), (65536, 9, 130), (100002, 10, 128), (387840, 11, 128), (524288, 12, 127), (749999, 13, 128),
           (750001, 14, 129), (904960, 15, 128), (1000000, 16, 128), (1000001, 17, 128), (1048576, 18, 128),
           (1234567, 20, 128), (1572864, 21, 129), (2097152, 22, 128)]


def noise(n, seed, threshold):
    out = bytearray(n)
    for i in range(n):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        out[i] = ord("1") if seed >> 56 < threshold else ord("0")
    return bytes(out)


def measure(sts, n, bits):
    with tempfile.NamedTemporaryFile() as f:
        f.write(bits)
        f.flush()
        for name in NAMES:  # the program writes no file for a test that it does not make
            (sts / "experiments/AlgorithmTesting" / name / "results.txt").unlink(missing_ok=True)
        answers = f"0\n{f.name}\n1\n0\n1\n0\n"  # a file, all tests, no parameter changed, one sequence, ASCII
        subprocess.run(["./assess", str(n)], cwd=sts, input=answers, text=True, stdout=subprocess.DEVNULL, check=False)
    found = {}
    for name in NAMES:
        lines = (sts / "experiments/AlgorithmTesting" / name / "results.txt").read_text().split()
        values = [float(p) for p in lines]
        looked = name != "Rank" or len(bits) >= 1024  # without a whole matrix it writes 0
        if looked and values and all(map(math.isfinite, values)):  # without a block it may write nan
            found[name] = values
    return found


def main():
    sts = pathlib.Path(sys.argv[1]).resolve()
    vectors = [{"bits": n, "seed": seed, "threshold": threshold, "p_values": measure(sts, n, noise(n, seed, threshold))}
               for n, seed, threshold in RECIPES]
    rows = ",\n".join(json.dumps(v) for v in vectors)
    print(f"[\n{rows}\n]")


main()
