import ArgumentParser
import Catalog
import Domain
import Foundation
import JSON
import Training

/// `hera catalog update`: the catalog's prices beside a public list's.
struct CatalogUpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Compare the catalog's prices with a public list, and write them on confirmation.",
        discussion: """
            Shows prices that went up or down, models that are new in the list and models that it has no longer. Only standard \
            prices of short prompts are compared and written: look at batch, flex, priority and context tiers of a changed \
            model by hand. Lists: see `hera catalog import`.

            Example: hera catalog update --from litellm model_prices_and_context_window.json
            """)

    @Option(help: "The kind of list: litellm, openrouter or models.dev.")
    var from: PriceListFormat

    @Argument(help: "The list as a JSON file; - reads standard input.")
    var file: String

    @Flag(help: "Write without asking. Without it, nothing is written where standard input is no terminal.")
    var yes = false

    @Option(name: .long, help: "Output format: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var installation: InstallationOptions

    func run() throws {
        try CatalogExit.mapped {
            let catalog = try Installation.catalog(installation)
            let today = Timestamp.now().day
            let comparison = try PriceComparison(
                try PriceListFile.read(file), format: from, catalog: catalog, today: today)
            print(format == .json ? json(comparison) : text(comparison))
            guard !comparison.changes.isEmpty, format == .text || yes, confirms(comparison) else { return }
            try write(comparison, today: today)
        }
    }

    private func text(_ comparison: PriceComparison) -> String {
        var lines: [String] = []
        if !comparison.changes.isEmpty {
            let rows =
                [["MODEL", "CLASS", "WAS", "IS", "CHANGE"]]
                + comparison.changes.map { change in
                    let ratio = change.old == .zero ? 0 : change.new.usdPerMillion / change.old.usdPerMillion - 1
                    return [
                        change.model.rawValue, change.unit.rawValue, change.old.usdPerMillionText,
                        change.new.usdPerMillionText,
                        "\(change.isRise ? "up" : "down") \(TextTable.fixed(abs(ratio) * 100, 0)) %",
                    ]
                }
            lines += TextTable.lines(rows) { $0 >= 2 } + [""]
        }
        func list(_ names: [String]) -> String {
            names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
        }
        if !comparison.new.isEmpty { lines.append("new in the list: \(list(comparison.new))") }
        if !comparison.gone.isEmpty { lines.append("gone from the list: \(list(comparison.gone.map(\.rawValue)))") }
        lines.append("unchanged: \(comparison.same) models")
        return lines.joined(separator: "\n")
    }

    private func json(_ comparison: PriceComparison) -> String {
        var writer = JSONWriter()
        writer.object { object in
            object.member(
                "changes",
                array: { list in
                    for change in comparison.changes {
                        list.object {
                            $0.member("model", change.model.rawValue)
                            $0.member("class", change.unit.rawValue)
                            $0.member("was_usd_per_million", change.old.usdPerMillionText)
                            $0.member("is_usd_per_million", change.new.usdPerMillionText)
                            $0.member("change", change.isRise ? "up" : "down")
                        }
                    }
                })
            object.member("new", array: { list in for name in comparison.new { list.element(name) } })
            object.member("gone", array: { list in for model in comparison.gone { list.element(model.rawValue) } })
            object.member("unchanged", comparison.same)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func confirms(_ comparison: PriceComparison) -> Bool {
        if yes { return true }
        guard file != "-", isatty(STDIN_FILENO) == 1 else { return false }
        StandardError.write("Write \(comparison.changes.count) prices to \(installation.catalogFolder)? [y/N] ")
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }

    private func putBack(_ texts: [String: String]) {
        for (file, text) in texts { try? text.write(toFile: file, atomically: true, encoding: .utf8) }
    }

    /// Edits the files; where one cannot be written, or the catalog cannot be read with them, all are put back.
    private func write(_ comparison: PriceComparison, today: CalendarDay) throws {
        let name = file == "-" ? "" : " (\(URL(fileURLWithPath: file).lastPathComponent))"
        var old: [String: String] = [:]
        var made = 0
        for folder in [installation.catalogFolder, installation.addedCatalogFolder].compactMap(\.self) {
            let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { file in
                [".yaml", ".yml"].contains(where: file.hasSuffix)
            }
            for file in files.map({ "\(folder)/\($0)" }) {
                let text = try String(contentsOfFile: file, encoding: .utf8)
                let edit = PriceEdit(
                    text, changes: comparison.changes, source: from.title + name, today: today)
                guard !edit.made.isEmpty else { continue }
                do {
                    try edit.text.write(toFile: file, atomically: true, encoding: .utf8)
                } catch {
                    putBack(old)
                    throw Exit(
                        73,
                        "cannot write \(file), so nothing is changed: copy the catalog to a folder of yours, and name "
                            + "it with --catalog")
                }
                old[file] = text
                made += edit.made.count
            }
        }
        do {
            _ = try Installation.catalog(installation)
        } catch {
            putBack(old)
            throw error
        }
        Exit.printError("\(made) prices written to \(old.keys.sorted().joined(separator: ", "))")
        if made < comparison.changes.count {
            Exit.printError("\(comparison.changes.count - made) could not be placed: change these by hand")
        }
    }
}

/// Reads a public price list.
enum PriceListFile {
    /// - Parameter file: a path, or - for standard input. Exits with 66 where it cannot be read.
    static func read(_ file: String) throws(Exit) -> [UInt8] {
        if file == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Exit(66, "cannot read \(file): see that it exists and that you may read it")
        }
        return Array(data)
    }
}
