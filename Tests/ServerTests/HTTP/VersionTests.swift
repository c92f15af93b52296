import Domain
import Foundation
import JSON
import ScriptedUpstream
import Steps
import Testing

@Suite("The version")
struct VersionTests {
    /// The newest heading of the changelog: `## 0.2.0, unreleased` or `## 0.2.0`.
    private static func newestHeading() throws -> String? {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let text = try String(contentsOf: root.appendingPathComponent("docs/CHANGELOG.md"), encoding: .utf8)
        let heading = text.split(separator: "\n").first { $0.hasPrefix("## ") }
        return heading?.dropFirst(3).split(whereSeparator: { $0 == "," || $0 == " " }).first.map(String.init)
    }

    @Test("changelog, program, OpenAPI description and health check name the same version")
    func agrees() async throws {
        #expect(try Self.newestHeading() == HeraVersion.current)
        let command = try HeraCommand(["--version"], in: FileManager.default.temporaryDirectory)
        #expect(command.output.trimmingCharacters(in: .whitespacesAndNewlines) == HeraVersion.current)
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            let health = try await service.json("GET", "/healthz").root
            #expect(health["status"]?.string == "ok")
            #expect(health["version"]?.string == HeraVersion.current)
            let description = try await service.send("GET", "/openapi.yaml").text
            // The first member of that name is the one of `info`.
            let line = description.split(separator: "\n").first { $0.hasPrefix("  version: ") }
            #expect(line == "  version: \"\(HeraVersion.current)\"")
        }
    }
}
