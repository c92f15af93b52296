let names = CommandLine.arguments.dropFirst()
switch names.first {
case "plan": await PlanBenchmark.run(Array(names.dropFirst()))
case "rule": RuleBenchmark.run(Array(names.dropFirst()))
case "evidence": EvidenceBenchmark.run()
case "ledger": await LedgerBenchmark.run(Array(names.dropFirst()))
default:
    print(
        "usage: Benchmarks plan [1x16|8x16|100x20|1000x10|10000x10|100000x10 ...] | rule [PROFILES] "
            + "| evidence | ledger [LOCATION [NODES [PAIRS]]]")
}
