import Domain
import Foundation
import Yams

/// One YAML file of a catalog, loaded into memory.
struct CatalogFile {
    /// The name inside the directory.
    let name: String
    let bytes: [UInt8]

    /// Whether the file has published scores and no models.
    var holdsScores: Bool { name == ScoreFile.name || name.hasSuffix("/\(ScoreFile.name)") }

    /// The YAML files of a directory, by name. An unreadable directory or file is a problem.
    ///
    /// - Parameter isAdded: whether the directory is laid over another one. Then it may be empty, and the names of its
    ///   files have its path.
    static func files(
        in directory: String, isAdded: Bool = false, problems: inout [CatalogProblem]
    ) -> [CatalogFile] {
        func refuse(_ file: String, _ message: String, _ suggestion: String) {
            problems.append(
                CatalogProblem(file: file, line: 0, severity: .error, message: message, suggestion: suggestion))
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
                .filter { !$0.hasPrefix(".") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) }.sorted()
        } catch {
            refuse(
                directory, "the catalog directory cannot be read",
                "name a directory with catalog files (`--catalog DIR`) and see that its permissions allow reading")
            return []
        }
        if names.isEmpty, !isAdded {
            refuse(
                directory, "there is no catalog file in this directory",
                "add one that ends in .yaml, by hand or by `hera catalog import`")
        }
        return names.compactMap { file in
            let name = isAdded ? "\(directory)/\(file)" : file
            guard let data = try? Data(contentsOf: URL(fileURLWithPath: directory).appendingPathComponent(file)) else {
                refuse(name, "this file cannot be read", "see that it is a file and that its permissions allow reading")
                return nil
            }
            return CatalogFile(name: name, bytes: Array(data))
        }
    }

    /// The YAML tree; nil, with a problem, if there is none.
    func root(log: inout ProblemLog) -> Node? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let line = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .firstIndex { String(validating: $0, as: UTF8.self) == nil }
            log.error((line ?? 0) + 1, "this line is not UTF-8", "save the file with the encoding UTF-8")
            return nil
        }
        do {
            // All scalars are read as text, so the parser need not guess their types (a third of its time).
            if let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot() { return root }
            log.error(0, "this file is empty", "describe a provider and its `models`, or remove the file")
        } catch let error as YamlError {
            log.report(error)
        } catch {
            log.error(0, "invalid YAML (\(error))", "compare with one of the catalog's own files")
        }
        return nil
    }
}

extension ProblemLog {
    /// Reports a syntax error at the parser's line.
    fileprivate mutating func report(_ error: YamlError) {
        let hint = "check indentation (spaces, never tabs), colons and quotes at this line and the one before"
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.error(mark.line, "invalid YAML (\(problem))", hint)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.sorted().map { "`\($0)`" }.joined(separator: ", ")
            self.error(
                context.mark.line, "\(names) stands here and once more in the same block", "keep one of the two")
        case .reader(let problem, let offset, _, let yaml):
            let line = offset.map { yaml.prefix($0).count { $0 == "\n" } + 1 } ?? 0
            self.error(line, "invalid YAML (\(problem))", "remove control characters from this line")
        default:
            self.error(0, "invalid YAML (\(error))", hint)
        }
    }
}

extension CatalogFile {
    /// 16 hexadecimal digits over names, lengths and bytes.
    static func contentHash(of files: [CatalogFile]) -> String {
        var hash = StableHash()
        for file in files {
            // Lengths keep bytes from moving between files unnoticed.
            hash.combine("\(file.name)\n\(file.bytes.count)\n".utf8)
            hash.combine(file.bytes)
        }
        let digits = hash.hexadecimal
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
