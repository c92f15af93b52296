// swift-tools-version: 6.1
// Hera: a router over N small and large language models. See docs/internals/floors.md for the floors of this house.
import PackageDescription

/// One list of settings for every target, so that no target has rules of its own.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")

let package = Package(
    name: "hera",
    products: [.executable(name: "hera", targets: ["hera"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
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
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CMalloc"),

        // Floor 0: JSON text and digests, then the values of the domain.
        .target(name: "Digest", dependencies: ["CCrypto"]),
        .target(name: "JSON"),
        .target(name: "Domain", dependencies: ["JSON"]),

        // Floor 1: targets that do not know each other.
        .target(
            name: "Catalog", dependencies: ["JSON", "Domain", .product(name: "Yams", package: "Yams")]),
        .target(name: "Estimation", dependencies: ["JSON", "Domain", "CZlib"]),
        .target(name: "Optimization", dependencies: ["JSON", "Domain", "CGLPK"]),
        .target(name: "Upstream", dependencies: ["CCurl", logging, lifecycle]),
        .target(
            name: "Ledger",
            dependencies: [
                "JSON", "Domain", "Digest", "CPostgres", metrics, .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),

        // Floor 2: the dialects of clients and servers, the sequential rule, and training beside them.
        .target(name: "Dialects", dependencies: ["JSON", "Domain", "Upstream"]),
        .target(name: "Routing", dependencies: ["JSON", "Domain", "Estimation", "Optimization"]),
        .target(name: "Training", dependencies: ["JSON", "Domain", "Estimation", "Optimization", "Routing"]),

        // Floor 3: one call, then one step.
        .target(
            name: "Calls",
            dependencies: [
                "JSON", "Domain", "Catalog", "Optimization", "Upstream", "Ledger", "Dialects", "Routing", logging,
                lifecycle, metrics, tracing,
            ]),
        .target(
            name: "Steps",
            dependencies: [
                "JSON", "Domain", "Digest", "Catalog", "Estimation", "Optimization", "Upstream", "Ledger", "Dialects",
                "Routing", "Calls", logging, lifecycle,
            ]),

        // Floor 4: many steps.
        .target(
            name: "Jobs",
            dependencies: [
                "JSON", "Domain", "Catalog", "Upstream", "Ledger", "Dialects", "Routing", "Calls", "Steps", logging,
                lifecycle,
            ]),
        .target(
            name: "Batches",
            dependencies: [
                "JSON", "Domain", "Catalog", "Estimation", "Optimization", "Upstream", "Ledger", "Dialects", "Routing",
                "Calls", "Steps", logging, lifecycle,
            ]),

        // Floor 5: HTTP.
        .target(
            name: "Server",
            dependencies: [
                "JSON", "Domain", "Catalog", "Ledger", "Routing", "Upstream", "Dialects", "Calls", "Steps", "Jobs",
                "Batches", "Digest", hummingbird, httpTypes, metrics, logging, nioCore, lifecycle, tracing,
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
            ],
            resources: [
                "dashboard.html", "page.css", "charts.js", "views.js", "page.js", "icon.svg", "openapi.yaml",
            ].map { .embedInCode("Pages/\($0)") }),

        // Floor 6: the executable.
        .executableTarget(
            name: "hera",
            dependencies: [
                "JSON", "Domain", "Catalog", "Estimation", "Optimization", "Upstream", "Ledger", "Dialects", "Routing",
                "Training", "Calls", "Steps", "Jobs", "Batches", "Server", "CMalloc",
                .product(name: "ArgumentParser", package: "swift-argument-parser"), metrics, logging, lifecycle,
                tracing,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),

        // Tests and benchmarks.
        .target(
            name: "ScriptedUpstream",
            dependencies: [nioCore, .product(name: "NIOPosix", package: "swift-nio")], path: "Tests/ScriptedUpstream"),
        .target(
            name: "TestSupport",
            dependencies: ["JSON", "Domain", "Digest", "CCrypto", "Upstream", "Dialects", "ScriptedUpstream"],
            path: "Tests/TestSupport"),
        .testTarget(name: "DigestTests", dependencies: ["TestSupport", "Digest"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        .testTarget(name: "DomainTests", dependencies: ["JSON", "Domain"]),
        .testTarget(name: "CatalogTests", dependencies: ["JSON", "Domain", "Catalog"]),
        .testTarget(name: "EstimationTests", dependencies: ["JSON", "Domain", "Estimation"]),
        .testTarget(name: "OptimizationTests", dependencies: ["JSON", "Domain", "Optimization"]),
        .testTarget(
            name: "UpstreamTests",
            dependencies: ["TestSupport", "JSON", "Domain", "Digest", "Upstream", "ScriptedUpstream"]),
        .testTarget(
            name: "DialectsTests",
            dependencies: ["TestSupport", "JSON", "Domain", "Upstream", "Dialects", "ScriptedUpstream"]),
        .testTarget(name: "LedgerTests", dependencies: ["JSON", "Domain", "Ledger", "LedgerCrasher"]),
        // Writes until it is killed, for LedgerTests.
        .executableTarget(
            name: "LedgerCrasher", dependencies: ["JSON", "Domain", "Ledger"], path: "Tests/LedgerCrasher"),
        .testTarget(
            name: "TrainingTests",
            dependencies: ["JSON", "Domain", "Estimation", "Optimization", "Routing", "Training"]),
        .testTarget(
            name: "RoutingTests", dependencies: ["JSON", "Domain", "Estimation", "Optimization", "Routing"]),
        .testTarget(
            name: "CallsTests",
            dependencies: [
                "TestSupport", "JSON", "Domain", "Catalog", "Upstream", "Ledger", "Dialects", "Routing", "Calls",
                "ScriptedUpstream",
                logging, tracing,
            ]),
        .testTarget(
            name: "StepsTests",
            dependencies: [
                "TestSupport", "JSON", "Domain", "Digest", "Catalog", "Estimation", "Upstream", "Ledger", "Dialects",
                "Routing", "Training",
                "Calls", "Steps", "ScriptedUpstream", logging,
            ]),
        .testTarget(
            name: "JobsTests",
            dependencies: ["TestSupport", "JSON", "Domain", "Ledger", "Dialects", "Routing", "Calls", "Jobs"]),
        .testTarget(
            name: "BatchesTests",
            dependencies: [
                "TestSupport", "JSON", "Domain", "Catalog", "Ledger", "Dialects", "Upstream", "Calls", "Batches",
            ]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "JSON", "Domain", "Catalog", "Upstream", "Ledger", "Dialects", "Routing", "Calls", "Steps", "Jobs",
                "Batches", "Training", "Server", "TestSupport", "ScriptedUpstream", "hera", metrics, httpTypes,
                hummingbird, logging, lifecycle, nioCore, .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .executableTarget(
            name: "Benchmarks",
            dependencies: ["JSON", "Domain", "Estimation", "Ledger", "Optimization", "Routing", "Training"],
            path: "Tests/Benchmarks", exclude: ["plan_compare.py"]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = swiftSettings
}
