import Domain
package import JSON

extension ToolOutput {
    /// Reads `{"tool_outputs": [{"tool_call_id": "...", "output": "..."}]}`.
    package static func list(_ json: JSONValue) throws(FieldError) -> [ToolOutput] {
        let fields = try FieldReader(json, path: "", known: ["tool_outputs"])
        guard let list = fields.value("tool_outputs"), list.kind == .array, list.count > 0 else {
            throw FieldError("tool_outputs", "is missing: give a list of {\"tool_call_id\": ..., \"output\": ...}")
        }
        var outputs: [ToolOutput] = []
        for (index, element) in list.elements.enumerated() {
            let path = "tool_outputs[\(index)]"
            let fields = try FieldReader(element, path: path, known: ["tool_call_id", "output"])
            guard let id = try fields.string("tool_call_id") else {
                throw FieldError("\(path).tool_call_id", "is missing")
            }
            guard let value = fields.value("output") else { throw FieldError("\(path).output", "is missing") }
            // Other JSON values are passed to the model as JSON text.
            outputs.append(
                ToolOutput(callID: id, output: value.string ?? String(decoding: value.raw, as: UTF8.self)))
        }
        return outputs
    }
}
