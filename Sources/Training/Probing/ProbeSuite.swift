package import Domain
package import Estimation
import Foundation
import JSON

/// The probe questions for live models, read from JSON Lines files.
package struct ProbeSuite: Sendable {
    /// Sorted by id.
    package let items: [ProbeItem]

    package init(_ items: [ProbeItem]) {
        self.items = items.sorted { $0.id < $1.id }
    }

    /// Reads every `.jsonl` file of a folder, or one file.
    /// - Throws: `EstimationError.unreadable`, `.badRow` with file, line and field, `.notEnoughData` without any item.
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

    /// The gradable items. Items with code are included only where running it is allowed.
    package func gradable(allowingCode: Bool) -> [ProbeItem] {
        items.filter { item in
            if case .code = item.grader { return allowingCode }
            return true
        }
    }
}

/// One question of a probe suite with its grader.
package struct ProbeItem: Sendable {
    /// Unique within the suite.
    package let id: String
    /// The kind of task, for example `arithmetic`. Results of one kind are pooled.
    package let kind: String
    /// 1 (almost every instruct model is right) to 5 (most are wrong), by the author's estimate.
    package let level: Int
    /// The prompt, with the schemas of the offered tools.
    package let text: StepText
    package let grader: ProbeGrader

    package init(id: String, kind: String, level: Int, text: StepText, grader: ProbeGrader) {
        self.id = id
        self.kind = kind
        self.level = level
        self.text = text
        self.grader = grader
    }

    /// Hash of the question, which invalidates answers to an older wording.
    package var fingerprint: String {
        var hash = StableHash()
        for part in [text.prompt, text.tools ?? ""] {
            hash.combine(part.utf8)
            hash.combine(unit: 0xff)
        }
        return hash.hexadecimal
    }
}

extension ProbeItem {
    /// Reads a line of a probe file: `id, kind, level, prompt, tools?, grader {type, ...}, answer`.
    init(json: JSONValue) throws(FieldError) {
        let fields = try FieldReader(
            json, path: "", known: ["id", "kind", "level", "prompt", "tools", "grader", "answer"])
        func text(_ name: String) throws(FieldError) -> String {
            guard let text = try fields.string(name), !text.isEmpty else {
                throw FieldError(name, "is missing: give a string that is not empty")
            }
            return text
        }
        id = try text("id")
        kind = try text("kind")
        guard let level = try fields.integer("level", in: 1...5) else {
            throw FieldError("level", "is missing: give a number from 1 (very easy) to 5 (hard)")
        }
        self.level = level
        var tools: String?
        if let list = fields.value("tools") {
            guard list.kind == .array, list.count > 0 else {
                throw FieldError("tools", "must be a list of functions in OpenAI's form")
            }
            tools = String(decoding: list.raw, as: UTF8.self)
        }
        self.text = StepText(prompt: try text("prompt"), tools: tools)
        guard let grader = fields.value("grader") else {
            throw FieldError("grader", "is missing: give an object like {\"type\": \"number\"}")
        }
        self.grader = try ProbeGrader(json: grader, answer: json["answer"])
    }
}
