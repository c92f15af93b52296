import Domain
import Foundation
import Testing

@testable import Catalog

@Suite("The guide to corporate clouds")
struct CloudGuideTests {
    /// The whole entries of the guide: the blocks that begin with a provider.
    private static func entries() throws -> [String] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/guide/clouds.md"), encoding: .utf8)
        return text.components(separatedBy: "```yaml\n").dropFirst().compactMap { block in
            let entry = block.components(separatedBy: "```")[0]
            return entry.hasPrefix("provider:") ? entry : nil
        }
    }

    @Test("has entries that are valid as they stand, one for each cloud")
    func valid() throws {
        let entries = try Self.entries()
        #expect(entries.count == 3)
        for entry in entries {
            let fixture = try CatalogFixture(["cloud.yaml": entry])
            let catalog = try fixture.load(today: CalendarDay(daysSinceEpoch: 20_787))
            #expect(catalog.models.count == 1 && catalog.models[0].endpoint.access.isOpen == false)
            #expect(catalog.warnings.isEmpty, "\(catalog.warnings)")
        }
    }
}
