import Domain
import JSON

extension StoredResponse {
    /// `[[NAME, VALUE], ...]`, in order; names may come more than once.
    var headersJSON: [UInt8] {
        var writer = JSONWriter()
        writer.array { list in
            for header in headers {
                list.array { pair in
                    pair.element(header.name)
                    pair.element(header.value)
                }
            }
        }
        return writer.bytes
    }

    static func headers(json: [UInt8]) -> [Header] {
        guard let root = try? JSONDocument(json).root else { return [] }
        return root.elements.compactMap { element in
            let pair = element.elements.compactMap(\.string)
            return pair.count == 2 ? Header(name: pair[0], value: pair[1]) : nil
        }
    }
}
