/// A request as the scripted server received it.
package struct ScriptedRequest: Sendable {
    /// 1 for the first request of the server's life.
    package let number: Int
    /// 1 for the first connection of the server's life.
    package let connection: Int
    package let method: String
    package let path: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    /// The first value of a header, whatever the case of its name.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package var bodyText: String { String(decoding: body, as: UTF8.self) }

    /// The `model` of the body, found by plain search: good enough for a test's bodies.
    package var model: String {
        guard let key = bodyText.range(of: "\"model\""), let open = bodyText[key.upperBound...].firstIndex(of: "\"")
        else { return "" }
        return String(bodyText[bodyText.index(after: open)...].prefix { $0 != "\"" })
    }

    /// Whether the body asks for a stream, found by plain search.
    package var isStreaming: Bool {
        let squeezed = bodyText.filter { !$0.isWhitespace }
        return squeezed.range(of: "\"stream\":true") != nil
    }
}

extension String {
    /// Where another string first stands, or nil.
    fileprivate func range(of needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}
