let names = CommandLine.arguments.dropFirst()
switch names.first {
case "plan": PlanBenchmark.run(Array(names.dropFirst()))
default: print("usage: Benchmarks plan [case]")
}
