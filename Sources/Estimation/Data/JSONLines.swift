import Foundation

/// Files with one JSON object a line.
package enum JSONLines {
    /// Decodes every line; `make` gets the decoded line and its bytes.
    package static func read<Line: Decodable, Row>(
        _ path: String, _ make: (Line, ArraySlice<UInt8>) -> Row
    ) throws(EstimationError) -> [Row] {
        let decoder = JSONDecoder()
        var rows: [Row] = []
        for (number, bytes) in DataFile.lines(try DataFile.read(path)) {
            do {
                rows.append(make(try decoder.decode(Line.self, from: Data(bytes)), bytes))
            } catch {
                throw EstimationError.badRow(path: path, line: number, reason: reason(error))
            }
        }
        return rows
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "no `\(([place(context), key.stringValue]).filter { !$0.isEmpty }.joined(separator: "."))`"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "`\(place(context))` is of the wrong type"
        case .dataCorrupted: return "not a JSON object"
        @unknown default: return "\(error)"
        }
    }
}
