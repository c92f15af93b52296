import Catalog
import Foundation

/// The questions of `hera init`. Where nothing is asked, the defaults answer.
struct Questions {
    /// Whether a person answers.
    let isAsking: Bool

    /// An answer; nil where nothing is asked or the line is empty.
    func ask(_ question: String, hides: Bool = false) -> String? {
        guard isAsking else { return nil }
        StandardError.write("\(question) ")
        let line = hides ? Self.hiddenLine() : readLine()
        let text = line?.trimmingCharacters(in: .whitespaces) ?? ""
        return text.isEmpty ? nil : text
    }

    /// Local servers besides those at the usual ports.
    func servers(_ given: [String]) throws(Exit) -> [String] {
        let usual = LocalServer.usual.map { $0.title.split(separator: ":").last.map(String.init) ?? "" }
        let asked =
            given.isEmpty
            ? ask(
                "2. Local servers at the usual ports (\(usual.joined(separator: ", "))) are found by themselves.\n"
                    + "   URLs of others, with commas (empty for none):") : nil
        let all = given + (asked?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? [])
        for url in all {
            do {
                _ = try LocalServer(url: url)
            } catch {
                throw Exit(64, "the server \(error)")
            }
        }
        return all
    }

    func goal(_ given: Goal?) -> Goal {
        if let given { return given }
        let list = Goal.allCases.enumerated().map { "   \($0.offset + 1)  \($0.element.rawValue): \($0.element.title)" }
        let answer = ask("3. What matters?\n\(list.joined(separator: "\n"))\n   number or name (1):")
        guard let answer else { return .same }
        if let number = Int(answer), Goal.allCases.indices.contains(number - 1) { return Goal.allCases[number - 1] }
        return Goal(rawValue: answer.lowercased()) ?? .same
    }

    func database(_ given: String?) -> String {
        given ?? ask("4. Where are the books? (sqlite:hera.sqlite, or postgres://user@host/database):")
            ?? "sqlite:hera.sqlite"
    }

    /// A line that the terminal does not show.
    private static func hiddenLine() -> String? {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return readLine() }
        let shown = settings
        settings.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
        defer {
            var shown = shown
            tcsetattr(STDIN_FILENO, TCSANOW, &shown)
            StandardError.write("\n")
        }
        return readLine()
    }
}
