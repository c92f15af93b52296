import Domain
import JSON

/// A manual page in man(7)'s format, made from a command's help.
struct ManualPage {
    /// `hera-catalog-list`.
    let name: String
    private let words: String
    private let command: JSONValue

    /// The pages of a command and of all below it, from ArgumentParser's description of them.
    static func all(of command: JSONValue, under parents: [String] = []) -> [ManualPage] {
        guard let name = command["commandName"]?.string, name != "help" else { return [] }
        let path = parents + [name]
        let below = command["subcommands"]?.elements.flatMap { all(of: $0, under: path) } ?? []
        return [ManualPage(name: path.joined(separator: "-"), words: path.joined(separator: " "), command: command)]
            + below
    }

    var text: String {
        var lines = [
            ".TH \(Self.quoted(name.uppercased())) 1 \"\" \"hera \(HeraVersion.current)\" \"User Commands\"",
            ".SH NAME", "\(Self.escaped(name)) \\- \(Self.escaped(command["abstract"]?.string ?? ""))",
            ".SH SYNOPSIS", ".B \(Self.escaped(words))",
        ]
        let arguments = Self.list(command["arguments"]).filter { $0["shouldDisplay"]?.boolean != false }
        if !arguments.isEmpty { lines.append(arguments.map(Self.usage).joined(separator: "\n")) }
        if let discussion = command["discussion"]?.string {
            lines += [".SH DESCRIPTION"] + Self.paragraphs(discussion)
        }
        if !arguments.isEmpty { lines.append(".SH OPTIONS") }
        for argument in arguments {
            let text = [argument["abstract"]?.string, argument["discussion"]?.string].compactMap(\.self)
            lines += [".TP", ".B \(Self.escaped(Self.title(argument)))", Self.escaped(text.joined(separator: " "))]
        }
        let below = Self.list(command["subcommands"]).filter { $0["commandName"]?.string != "help" }
        if !below.isEmpty { lines.append(".SH COMMANDS") }
        for one in below {
            let title = "\(words) \(one["commandName"]?.string ?? "")"
            lines += [".TP", ".B \(Self.escaped(title))", Self.escaped(one["abstract"]?.string ?? "")]
        }
        lines += [
            ".SH EXIT STATUS",
            "0 success, 64 usage, 65 data, 66 input missing, 69 unavailable, 70 failed, 73 cannot create, 74 input or "
                + "output, 75 try again (sysexits.h).",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Paragraphs that fit any width. Indented lines, which are examples, stay as they are.
    private static func paragraphs(_ text: String) -> [String] {
        var lines: [String] = []
        var isExample = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isIndented = line.hasPrefix(" ")
            if isIndented != isExample {
                lines.append(isIndented ? ".nf" : ".fi")
            } else if !isIndented, !line.isEmpty, lines.last != ".PP", !lines.isEmpty {
                lines.append(".br")
            }
            isExample = isIndented
            lines.append(line.isEmpty ? ".PP" : escaped(String(line)))
        }
        return isExample ? lines + [".fi"] : lines
    }

    /// `--port <port>`, `<url>`, `--json`.
    private static func title(_ argument: JSONValue) -> String {
        let names = list(argument["names"]).map { name in
            (name["kind"]?.string == "long" ? "--" : "-") + (name["name"]?.string ?? "")
        }
        let value = "<\(argument["valueName"]?.string ?? "value")>"
        switch argument["kind"]?.string {
        case "positional": return value
        case "flag": return names.joined(separator: ", ")
        default: return names.joined(separator: ", ") + " \(value)"
        }
    }

    private static func list(_ value: JSONValue?) -> [JSONValue] { value.map { Array($0.elements) } ?? [] }

    private static func usage(_ argument: JSONValue) -> String {
        let text = escaped(title(argument)) + (argument["isRepeating"]?.boolean == true ? " ..." : "")
        return argument["isOptional"]?.boolean == false ? text : "[\(text)]"
    }

    /// Text without meaning for troff: no backslashes or dashes that it changes, and no line that begins with a dot.
    private static func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return plain.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix(".") || line.hasPrefix("'") ? "\\&\(line)" : String(line)
        }.joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String { "\"\(text.replacing("\"", with: ""))\"" }
}
