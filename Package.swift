// swift-tools-version: 6.1
// Hera: a router over N small and large language models. See docs/architecture.md for the floors of this house.
import PackageDescription

/// One list of settings for every target, so that no room has rules of its own.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "hera",
    products: [.executable(name: "hera", targets: ["hera"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Foreign libraries: one system target each.
        .systemLibrary(name: "CGLPK", providers: [.apt(["libglpk-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CMalloc"),

        // Floor 0: JSON text, then the values of the domain.
        .target(name: "JSON"),
        .target(name: "Domain", dependencies: ["JSON"]),

        // Floor 1: rooms that do not know each other.
        .target(name: "Catalog", dependencies: ["Domain", "JSON", .product(name: "Yams", package: "Yams")]),
        .target(name: "Estimation", dependencies: ["Domain", "JSON", "CZlib"]),
        .target(name: "Optimization", dependencies: ["Domain", "JSON", "CGLPK"]),
        .target(
            name: "Upstream",
            dependencies: [
                "Domain", "JSON", "CCurl",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "Ledger",
            dependencies: [
                "Domain", "JSON", "CPostgres",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),

        // Floor 2: the sequential rule.
        .target(name: "Routing", dependencies: ["Domain", "JSON", "Estimation", "Optimization"]),

        // Beside floor 2: trainers and evaluation, for commands only; never linked into a step's way.
        .target(name: "Training", dependencies: ["Domain", "JSON", "Estimation", "Optimization", "Routing"]),

        // Floor 3: one step, one job.
        .target(
            name: "Engine",
            dependencies: [
                "Domain", "JSON", "Catalog", "Estimation", "Optimization", "Upstream", "Ledger", "Routing",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),

        // Floor 4: HTTP.
        .target(
            name: "Server",
            dependencies: [
                "Domain", "JSON", "Catalog", "Ledger", "Routing", "Engine", "Upstream",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Pages/dashboard.html"), .embedInCode("Pages/openapi.yaml")]),

        // Floor 5: the executable.
        .executableTarget(
            name: "hera",
            dependencies: [
                "Domain", "JSON", "Catalog", "Estimation", "Optimization", "Upstream", "Ledger", "Routing", "Engine",
                "Server", "Training",
                "CMalloc",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),

        // Tests and benchmarks.
        .target(
            name: "ScriptedUpstream",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/ScriptedUpstream"),
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        .testTarget(name: "DomainTests", dependencies: ["Domain", "JSON"]),
        .testTarget(name: "CatalogTests", dependencies: ["Domain", "JSON", "Catalog"]),
        .testTarget(name: "EstimationTests", dependencies: ["Domain", "JSON", "Estimation"]),
        .testTarget(name: "OptimizationTests", dependencies: ["Domain", "JSON", "Optimization"]),
        .testTarget(name: "UpstreamTests", dependencies: ["Domain", "JSON", "Upstream", "ScriptedUpstream"]),
        .testTarget(name: "LedgerTests", dependencies: ["Domain", "JSON", "Ledger", "LedgerCrasher"]),
        // Writes until it is killed, for LedgerTests.
        .executableTarget(
            name: "LedgerCrasher", dependencies: ["Domain", "JSON", "Ledger"], path: "Tests/LedgerCrasher"),
        .testTarget(
            name: "TrainingTests",
            dependencies: ["Domain", "JSON", "Estimation", "Optimization", "Routing", "Training"]),
        .testTarget(name: "RoutingTests", dependencies: ["Domain", "JSON", "Estimation", "Optimization", "Routing"]),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Domain", "JSON", "Catalog", "Estimation", "Upstream", "Ledger", "Routing", "Engine",
                "Training", "ScriptedUpstream",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Domain", "JSON", "Catalog", "Upstream", "Ledger", "Routing", "Engine", "Server", "Training",
                "ScriptedUpstream",
                "hera",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "Benchmarks",
            dependencies: ["Domain", "JSON", "Estimation", "Ledger", "Optimization", "Routing", "Training"],
            path: "Tests/Benchmarks", exclude: ["plan_compare.py"]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = swiftSettings
}
