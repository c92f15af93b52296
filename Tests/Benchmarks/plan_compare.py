#!/usr/bin/env python3
"""Hera's plans against HiGHS and CBC on the same instances, at the same relative gap, one thread, CPU time.

    pip install highspy numpy ; apt install coinor-cbc
    swift build -c release --product Benchmarks
    python3 Tests/Benchmarks/plan_compare.py [--seeds 3] [--limit 120] [--family market] [CASE ...]

Every solver gets the program of docs/internals/optimization.md: one binary column a candidate, one row a step, three limits.
Building the model is not counted for HiGHS, reading the file not for CBC.
"""
import argparse
import os
import re
import resource
import statistics
import subprocess
import tempfile

import highspy
import numpy

ROWS = ("cost", "latency", "error")


def emit(binary, case, seed, family):
    lines = subprocess.run([binary, "plan", "emit", case, str(seed), family], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    head = lines[0].split()
    steps, models = int(head[0]), int(head[1])
    table = numpy.array([line.split() for line in lines[1:]], dtype=float)
    limits = numpy.array(head[2:5], dtype=float)
    gap, seconds, objective, bound = map(float, head[5:9])
    return steps, models, table[:, 0], table[:, 1:4] / limits, gap, seconds, objective, bound


def highs(steps, models, objective, rows, gap, limit):
    count = steps * models
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = count, steps + 3
    lp.col_cost_ = objective
    lp.col_lower_, lp.col_upper_ = numpy.zeros(count), numpy.ones(count)
    lp.row_lower_ = numpy.concatenate([numpy.ones(steps), numpy.full(3, -highspy.kHighsInf)])
    lp.row_upper_ = numpy.ones(steps + 3)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * count
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = numpy.arange(0, 4 * count + 1, 4)
    index = numpy.empty((count, 4), dtype=numpy.int32)
    index[:, 0] = numpy.repeat(numpy.arange(steps), models)
    index[:, 1:] = steps + numpy.arange(3)
    value = numpy.ones((count, 4))
    value[:, 1:] = rows
    lp.a_matrix_.index_, lp.a_matrix_.value_ = index.ravel(), value.ravel()
    solver = highspy.Highs()
    for name, option in (("output_flag", False), ("threads", 1), ("parallel", "off"), ("mip_rel_gap", gap),
                         ("mip_abs_gap", 0.0), ("time_limit", float(limit))):
        solver.setOptionValue(name, option)
    solver.passModel(lp)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    solver.run()
    seconds = resource.getrusage(resource.RUSAGE_SELF).ru_utime - start
    done = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return seconds, solver.getInfo().objective_function_value if done else None


def cbc(steps, models, objective, rows, gap, limit):
    with tempfile.NamedTemporaryFile("w", suffix=".lp", delete=False) as file:
        file.write("Minimize\n obj:")
        for column, value in enumerate(objective):
            file.write(f" + {value:.12g} x{column}" + ("\n" if column % 8 == 7 else ""))
        file.write("\nSubject To\n")
        for step in range(steps):
            names = " + ".join(f"x{step * models + model}" for model in range(models))
            file.write(f" s{step}: {names} = 1\n")
        for row, name in enumerate(ROWS):
            file.write(f" {name}:")
            for column in range(steps * models):
                file.write(f" + {rows[column, row]:.12g} x{column}" + ("\n" if column % 8 == 7 else ""))
            file.write(" <= 1\n")
        file.write("Binaries\n")
        for step in range(steps):
            file.write(" " + " ".join(f"x{step * models + model}" for model in range(models)) + "\n")
        file.write("End\n")
    try:
        log = subprocess.run(["cbc", file.name, "ratio", str(gap), "sec", str(limit), "solve", "quit"],
                             capture_output=True, text=True, timeout=2 * limit).stdout
    except subprocess.TimeoutExpired:
        return float(2 * limit), None
    finally:
        os.unlink(file.name)
    found = re.search(r"Objective value:\s+([-\d.e+]+)", log)
    time = re.search(r"Time \(CPU seconds\):\s+([\d.]+)", log)
    stopped = "Stopped on time" in log or found is None
    return float(time.group(1)) if time else float("nan"), None if stopped else float(found.group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=["100x20", "1000x10", "10000x10"])
    parser.add_argument("--binary", default=".build/release/Benchmarks")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=120, help="seconds a solver may take")
    parser.add_argument("--family", default="market")
    parser.add_argument("--skip", default="", help="solvers to leave out: highs, cbc")
    options = parser.parse_args()
    print("case       gap     solver  seeds  median s   max s      solved  worst objective / hera's bound")
    for case in options.cases or []:
        times, solved, ratios = {}, {}, {}
        for seed in range(1, options.seeds + 1):
            *program, seconds, objective, bound = emit(options.binary, case, seed, options.family)
            answers = {"hera": (seconds, objective if objective >= 0 else None)}
            if "highs" not in options.skip:
                answers["highs"] = highs(*program, options.limit)
            if "cbc" not in options.skip:
                answers["cbc"] = cbc(*program, options.limit)
            for name, (time, value) in answers.items():
                times.setdefault(name, []).append(time)
                solved[name] = solved.get(name, 0) + (value is not None)
                if value is not None:
                    ratios.setdefault(name, []).append(value / bound)
        for name, values in times.items():
            worst = f"{max(ratios[name]):.6f}" if name in ratios else "-"
            print(f"{case:10} {program[4]:<7} {name:7} {options.seeds:<6} {statistics.median(values):<10.4f} "
                  f"{max(values):<10.4f} {solved[name]}/{options.seeds}     {worst}", flush=True)


if __name__ == "__main__":
    main()
