import JSON

/// A part of a chat message that is a file: `{"type": "file", "file": {"filename", "file_data"}}`, or one by its
/// `file_id`.
enum PromptFile {
    private static let marker = ";base64,"

    /// The size of a file whose bytes are in a part or block of any dialect; nil for one that is named by an id or an
    /// address.
    static func byteCount(_ part: JSONValue) -> Int? {
        let data = part["file"]?["file_data"] ?? part["file_data"] ?? part["source"]?["data"]
        guard let data, data.kind == .string else { return nil }
        return data.raw.count / 4 * 3
    }

    /// Whether a part or block of any dialect becomes a file: not documents of text, but images by their id.
    static func isFile(_ part: JSONValue) -> Bool {
        switch part["type"]?.string {
        case "file", "input_file": true
        case "document": !["text", "content"].contains(part["source"]?["type"]?.string)
        case "image": part["source"]?["type"]?.isString("file") == true
        default: false
        }
    }

    /// The media type and the base64 text of a file whose bytes are in the part. Without a data URL it is a PDF.
    static func content(_ part: JSONValue) -> (mediaType: String, base64: String)? {
        guard let text = part["file"]?["file_data"]?.string else { return nil }
        guard text.hasPrefix("data:") else { return ("application/pdf", text) }
        guard let found = text.firstRange(of: marker) else { return nil }
        return (String(text[..<found.lowerBound].dropFirst("data:".count)), String(text[found.upperBound...]))
    }

    /// A part of a chat message with a PDF.
    ///
    /// - Parameters:
    ///   - name: the file's name, as JSON text.
    ///   - base64: the string of its bytes, as JSON text.
    static func part(name: ArraySlice<UInt8>?, base64: ArraySlice<UInt8>) -> [UInt8] {
        var writer = JSONWriter(capacity: base64.count + 128)
        writer.object { part in
            part.member("type", "file")
            part.member(
                "file",
                object: { file in
                    file.member("filename", raw: name ?? ArraySlice(#""document.pdf""#.utf8))
                    // The file is not decoded: it may be large.
                    file.member("file_data", raw: Array("\"data:application/pdf;base64,".utf8) + base64.dropFirst())
                })
        }
        return writer.bytes
    }
}
