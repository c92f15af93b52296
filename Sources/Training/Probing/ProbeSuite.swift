import Domain
package import Estimation
import Foundation
import JSON

/// The questions that live models are asked, read from files of JSON Lines.
package struct ProbeSuite: Sendable {
    /// Sorted by id.
    package let items: [ProbeItem]

    package init(_ items: [ProbeItem]) {
        self.items = items.sorted { $0.id < $1.id }
    }

    /// Reads every `.jsonl` file of a folder, or one file.
    /// - Throws: `EstimationError.unreadable`, `.badRow` with file, line and field, `.notEnoughData` where there is none.
    package static func load(_ path: String) throws(EstimationError) -> ProbeSuite {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .unreadable(path: path, reason: "there is no such file or folder of probes")
        }
        var files = [path]
        if isFolder.boolValue {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            files = names.filter { $0.hasSuffix(".jsonl") }.sorted().map { path + "/" + $0 }
        }
        var items: [ProbeItem] = []
        var places: [String: String] = [:]
        for file in files {
            for (number, bytes) in DataFile.lines(try DataFile.read(file)) {
                let item: ProbeItem
                do {
                    item = try ProbeItem(json: try JSONDocument(Array(bytes)).root)
                } catch {
                    throw .badRow(path: file, line: number, reason: "\(error)")
                }
                if let other = places[item.id] {
                    throw .badRow(path: file, line: number, reason: "id: \"\(item.id)\" is taken by \(other)")
                }
                places[item.id] = "\(file), line \(number)"
                items.append(item)
            }
        }
        if items.isEmpty { throw .notEnoughData("no probes in \(path): it needs .jsonl files with one probe a line") }
        return ProbeSuite(items)
    }

    /// The items that can be graded: those with code to run only where that is allowed.
    package func gradable(allowingCode: Bool) -> [ProbeItem] {
        items.filter { item in
            if case .code = item.grader { return allowingCode }
            return true
        }
    }
}
