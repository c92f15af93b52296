import Domain

/// A sample's label; its name is in Prometheus' alphabet.
struct PrometheusLabel: Hashable, Comparable, Sendable {
    let name: String
    let value: String

    static func < (left: PrometheusLabel, right: PrometheusLabel) -> Bool {
        (left.name, left.value) < (right.name, right.value)
    }
}

/// Converts names to Prometheus' alphabet: letters, digits and `_`, not a digit first.
enum PrometheusName {
    static func metric(_ label: String, suffix: String = "") -> String {
        let name = cleaned(label, allowing: ":")
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    static func label(_ name: String) -> String { cleaned(name, allowing: "") }

    private static func cleaned(_ text: String, allowing others: String) -> String {
        var name = ""
        for character in text.unicodeScalars {
            let isLetter = ("a"..."z").contains(character) || ("A"..."Z").contains(character)
            let isDigit = ("0"..."9").contains(character)
            if isDigit, name.isEmpty { name.append("_") }
            name.append(isLetter || isDigit || others.unicodeScalars.contains(character) ? Character(character) : "_")
        }
        return name.isEmpty ? "_" : name
    }
}

/// Writes Prometheus' text format, version 0.0.4.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// Starts a metric; its samples follow.
    ///
    /// - Parameter help: what it counts; nil for a metric that ``MetricMeaning`` knows.
    mutating func begin(_ name: String, _ kind: PrometheusKind, help: String? = nil) {
        if let help = help ?? MetricMeaning.byName[name] {
            text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n"
        }
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ labels: [PrometheusLabel], _ value: Double) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(Self.number(value))\n"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.append(character)
            }
        }
        return escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }
}
