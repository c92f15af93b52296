enum PlanBenchmark { static func run(_ a: [String]) {} }
