import Foundation
import JSON
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct ProbeSuiteTests {
    private static let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Profiles/probes").path

    private func folder(_ files: [String: String]) throws -> String {
        let folder = NSTemporaryDirectory() + "hera-probes-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name)) }
        return folder
    }

    private let line =
        #"{"id": "a", "kind": "k", "level": 1, "prompt": "1+1?", "grader": {"type": "number"}, "answer": "2"}"#

    @Test("the shipped suite has at least 200 probes over 8 kinds, from very easy to hard")
    func shipped() throws {
        let suite = try ProbeSuite.load(Self.shipped)
        #expect(suite.items.count >= 200)
        #expect(Set(suite.items.map(\.kind)).count >= 8)
        for level in 1...5 { #expect(suite.items.count { $0.level == level } >= 20) }
        #expect(Set(suite.items.map(\.fingerprint)).count == suite.items.count)
        let withCode = suite.gradable(allowingCode: true).count
        #expect(withCode == suite.items.count)
        #expect(suite.gradable(allowingCode: false).count < withCode)
    }

    @Test("every reference answer of the shipped suite is right by its own grader")
    func references() throws {
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.shipped) where file.hasSuffix(".jsonl") {
            for (number, bytes) in DataFile.lines(try DataFile.read(Self.shipped + "/" + file)) {
                let root = try JSONDocument(Array(bytes)).root
                let item = try ProbeItem(json: root)
                let answer = try #require(root["answer"])
                if case .code(let tests) = item.grader {
                    let trial = CodeTrial()
                    #expect(trial?.passes(answer.string ?? "", tests: tests) ?? true, "\(file), line \(number)")
                } else if !answer.isNull {
                    let text = answer.string ?? String(decoding: answer.raw, as: UTF8.self)
                    #expect(item.grader.isRight(text) == true, "\(file), line \(number)")
                }
            }
        }
    }

    @Test(
        "a broken probe file is refused with file, line and field",
        arguments: [
            ("{", "line 2"), (#"{"id": "b"}"#, "kind"), (#"{"id": "a", "kind": "k", "level": 9}"#, "level"),
            (#"{"id": "b", "kind": "k", "level": 1, "prompt": "x", "grader": {"type": "magic"}}"#, "grader.type"),
        ])
    func broken(_ second: String, _ told: String) throws {
        let folder = try folder(["a.jsonl": line + "\n" + second + "\n"])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect {
            _ = try ProbeSuite.load(folder)
        } throws: { error in
            "\(error)".contains("a.jsonl, line 2") && "\(error)".contains(told)
        }
    }

    @Test("an id that is taken by another file is refused, as is a folder without probes")
    func doubles() throws {
        let folder = try folder(["a.jsonl": line, "b.jsonl": line])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect { _ = try ProbeSuite.load(folder) } throws: { "\($0)".contains("taken by") }
        let empty = try self.folder([:])
        defer { try? FileManager.default.removeItem(atPath: empty) }
        #expect { _ = try ProbeSuite.load(empty) } throws: { "\($0)".contains("no probes") }
        #expect { _ = try ProbeSuite.load(empty + "/none") } throws: { "\($0)".contains("no such file") }
    }

    @Test("answers are kept line by line, the last one counts, and a line cut short by a kill is passed over")
    func answers() throws {
        let folder = try folder([:])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = ProbeAnswerFile(of: "maker/model", in: folder)
        func answer(_ probe: String, _ output: String, model: String = "m") -> ProbeAnswer {
            ProbeAnswer(
                probe: probe, question: "1", model: model, servedModel: nil, output: output,
                calls: [.init(name: "f", arguments: "{}")], finish: "stop", inputTokens: 3, outputTokens: 4,
                costNanoUSD: 5, seconds: 0.25, firstTokenSeconds: 0.125,
                timing: .init(prefillTokens: 3, prefillSeconds: 0.1, decodeTokens: 4, decodeSeconds: 0.2))
        }
        #expect(try file.answers(of: "m").isEmpty)
        try file.append(answer("p", "old"))
        try file.append(answer("q", "other"))
        let cut = try #require(FileHandle(forWritingAtPath: file.path))
        cut.seekToEndOfFile()
        cut.write(Data(#"{"probe": "r", "quest"#.utf8))
        try cut.close()
        try file.append(answer("p", "new \"line\"\n"))
        try file.append(answer("p", "foreign", model: "n"))
        let kept = try file.answers(of: "m")
        #expect(kept.keys.sorted() == ["p", "q"])
        let first = try #require(kept["p"])
        #expect(first.output == "new \"line\"\n")
        #expect(first.json == answer("p", "new \"line\"\n").json)
        #expect(first.timing?.decodeTokens == 4)
    }
}
