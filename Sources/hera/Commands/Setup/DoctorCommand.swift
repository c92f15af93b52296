import ArgumentParser
import Foundation
import JSON

/// `hera doctor`: checks an installation, and says what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check keys, servers, catalog, profiles, ledger, clock and ports.",
        discussion: """
            Each key is tested by one call that costs nothing (the list of models). Nothing is changed. Ends with 69 where a \
            check failed; warnings alone are no reason.
            """)

    @Option(name: .long, help: "Output format: text or json.")
    var format: OutputFormat = .text

    @Flag(name: .long, help: "Make no connection: neither keys nor servers are tested.")
    var offline = false

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var database: DatabaseOption

    func run() async throws {
        try await Exit.mapped {
            let findings = await Doctor(installation: installation, database: database, isOffline: offline).findings()
            switch format {
            case .text: Finding.show(findings)
            case .json: print(Finding.json(findings))
            }
            let failures = findings.count { $0.grade == .failed }
            guard failures == 0 else {
                throw Exit(69, "\(failures) check\(failures == 1 ? "" : "s") failed")
            }
        }
    }
}

/// The result of one check.
struct Finding: Sendable {
    enum Grade: String, Sendable {
        case fine
        /// Works, with something to know or to do.
        case warning
        case failed
    }

    /// What was looked at: `keys`, `ledger`, ...
    let area: String
    let grade: Grade
    let text: String
    /// What to do; nil for nothing.
    let advice: String?

    init(_ area: String, _ grade: Grade, _ text: String, do advice: String? = nil) {
        self.area = area
        self.grade = grade
        self.text = text
        self.advice = advice
    }

    /// Prints one line a check, and the advice below it.
    static func show(_ findings: [Finding]) {
        let width = findings.map(\.area.count).max() ?? 0
        let style = TextStyle(of: STDOUT_FILENO)
        for finding in findings {
            let mark =
                switch finding.grade {
                case .fine: style.green("ok  ")
                case .warning: style.yellow("warn")
                case .failed: style.red("FAIL")
                }
            let area = finding.area + String(repeating: " ", count: width - finding.area.count)
            print("\(mark)  \(area)  \(finding.text)")
            if let advice = finding.advice {
                print(String(repeating: " ", count: width + 8) + "-> \(advice)")
            }
        }
    }

    /// `{"ok": ..., "checks": [{area, grade, text, advice}]}`.
    static func json(_ findings: [Finding]) -> String {
        var writer = JSONWriter()
        writer.object { object in
            object.member("ok", !findings.contains { $0.grade == .failed })
            object.member(
                "checks",
                array: { list in
                    for finding in findings {
                        list.object {
                            $0.member("area", finding.area)
                            $0.member("grade", finding.grade.rawValue)
                            $0.member("text", finding.text)
                            $0.member("advice", finding.advice)
                        }
                    }
                })
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
