package import Domain

/// Changes standard prices in the text of a catalog file, and leaves everything else as it is.
package struct PriceEdit: Sendable {
    /// The text with the changes that could be made.
    package private(set) var text: String
    /// Changes whose line was found.
    package private(set) var made: [PriceComparison.Change] = []

    /// - Parameters:
    ///   - changes: of any models; those of models in other files are left alone.
    ///   - source: what `source` of a changed model says.
    package init(
        _ text: String, changes: [PriceComparison.Change], source: String, today: CalendarDay
    ) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (model, changes) in Dictionary(grouping: changes, by: \.model) {
            guard let entry = Self.entry(of: model, in: lines),
                let prices = lines[entry].firstIndex(where: { Self.field($0) == "prices" })
            else { continue }
            let indent = Self.indent(lines[prices]) + 2
            var isChanged = false
            for index in entry where index > prices && Self.indent(lines[index]) == indent {
                let name = Self.field(lines[index])
                guard let change = changes.first(where: { $0.unit.rawValue == name }) else { continue }
                let value = change.unit == .request ? change.new.usdPerUnitText : change.new.usdPerMillionText
                lines[index] = Self.replacing(value, in: lines[index])
                made.append(change)
                isChanged = true
            }
            guard isChanged else { continue }
            for index in entry where index > prices && Self.indent(lines[index]) == indent {
                if Self.field(lines[index]) == "as_of" { lines[index] = Self.replacing("\(today)", in: lines[index]) }
                if Self.field(lines[index]) == "source" {
                    lines[index] = Self.replacing(CatalogYAML.quoted(source), in: lines[index])
                }
            }
        }
        self.text = lines.joined(separator: "\n")
    }

    /// The lines of a model's entry.
    private static func entry(of model: ModelID, in lines: [String]) -> Range<Int>? {
        func id(_ line: String) -> String? {
            let text = line.drop { $0 == " " }
            guard text.hasPrefix("- id:") else { return nil }
            let value = text.dropFirst("- id:".count).prefix { $0 != "#" }
            return value.filter { !" \"'".contains($0) }
        }
        guard let start = lines.firstIndex(where: { id($0) == model.rawValue }) else { return nil }
        let end = lines[(start + 1)...].firstIndex { id($0) != nil } ?? lines.count
        return start..<end
    }

    private static func indent(_ line: String) -> Int { line.prefix { $0 == " " }.count }

    /// The name before the colon.
    private static func field(_ line: String) -> String? {
        let text = line.drop { $0 == " " }
        guard let colon = text.firstIndex(of: ":"), text.first != "#", text.first != "-" else { return nil }
        return String(text[..<colon])
    }

    /// The line with another value, its comment kept.
    private static func replacing(_ value: String, in line: String) -> String {
        guard let colon = line.firstIndex(of: ":") else { return line }
        let rest = line[line.index(after: colon)...]
        let comment = rest.firstRange(of: "  #").map { String(rest[$0.lowerBound...]) } ?? ""
        return "\(line[...colon]) \(value)\(comment)"
    }
}
