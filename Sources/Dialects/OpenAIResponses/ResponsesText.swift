import Domain
import JSON

/// The form of the text that a Responses request asks for (its member `text`), to be written in the chat format.
struct ResponsesText {
    /// `response_format` as JSON text; nil for plain text.
    private var format: [UInt8]?
    private var verbosity: JSONValue?

    init(_ text: JSONValue?) throws(FieldError) {
        guard let text else { return }
        guard text.kind == .object else {
            throw FieldError("text", #"must be an object like {"format": {"type": "text"}}"#)
        }
        if let format = text["format"], !format.isNull { self.format = try Self.format(format) }
        if let verbosity = text["verbosity"], !verbosity.isNull {
            guard ["low", "medium", "high"].contains(verbosity.string) else {
                throw FieldError("text.verbosity", "must be one of low, medium, high")
            }
            self.verbosity = verbosity
        }
    }

    private static func format(_ format: JSONValue) throws(FieldError) -> [UInt8]? {
        switch format["type"]?.string {
        case "text": return nil
        case "json_object": return Array(#"{"type":"json_object"}"#.utf8)
        case "json_schema": break
        default: throw FieldError("text.format.type", "must be one of text, json_object, json_schema")
        }
        guard format["name"]?.string?.isEmpty == false else {
            throw FieldError("text.format.name", "must be a string: a name for the schema")
        }
        guard format["schema"]?.kind == .object else {
            throw FieldError("text.format.schema", #"must be a JSON schema like {"type": "object"}"#)
        }
        var writer = JSONWriter(capacity: format.raw.count + 64)
        writer.object { item in
            item.member("type", "json_schema")
            item.member(
                "json_schema",
                object: { schema in
                    for name in ["name", "description", "strict", "schema"] {
                        guard let value = format[name], !value.isNull else { continue }
                        schema.member(name, raw: value.raw)
                    }
                })
        }
        return writer.bytes
    }

    /// Writes the members `response_format` and `verbosity`.
    func write(to body: inout JSONWriter) {
        if let format { body.member("response_format", raw: format) }
        if let verbosity { body.member("verbosity", raw: verbosity.raw) }
    }
}
