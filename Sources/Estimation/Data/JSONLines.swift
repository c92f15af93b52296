import Foundation

/// Files with one JSON object per line.
package enum JSONLines {
    /// Decodes every line. `make` receives the decoded line and its bytes.
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

/// Finds the text of one member of a JSON object without decoding it, which preserves its bytes.
package enum JSONSlice {
    /// The bytes of the value of a top-level key, or nil. The text must be valid JSON.
    package static func value(of key: String, in bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let wanted = Array(key.utf8)
        var depth = 0
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let end = stringEnd(bytes, from: index)
                var next = end
                while next < bytes.endIndex, bytes[next] <= 0x20 { next += 1 }
                if depth == 1, next < bytes.endIndex, bytes[next] == UInt8(ascii: ":"),
                    bytes[(index + 1)..<(end - 1)].elementsEqual(wanted)
                {
                    return value(bytes, from: next + 1)
                }
                index = end
                continue
            default: break
            }
            index += 1
        }
        return nil
    }

    private static func stringEnd(_ bytes: ArraySlice<UInt8>, from quote: Int) -> Int {
        var index = quote + 1
        while index < bytes.endIndex, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, bytes.endIndex)
    }

    private static func value(_ bytes: ArraySlice<UInt8>, from start: Int) -> ArraySlice<UInt8> {
        var start = start
        while start < bytes.endIndex, bytes[start] <= 0x20 { start += 1 }
        var depth = 0
        var index = start
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index = stringEnd(bytes, from: index)
                if depth == 0 { return bytes[start..<index] }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return bytes[start..<index] }
                depth -= 1
                if depth == 0 { return bytes[start...index] }
            case UInt8(ascii: ","):
                if depth == 0 { return bytes[start..<index] }
            default: break
            }
            index += 1
        }
        return bytes[start..<index]
    }
}
