package import JSON

/// Writes tools, the choice among them and their calls in the chat format.
package enum OpenAITools {
    /// A function that the model may call.
    struct Function {
        /// A JSON string.
        let name: ArraySlice<UInt8>
        let description: ArraySlice<UInt8>?
        /// A JSON schema.
        let parameters: ArraySlice<UInt8>?
        let strict: Bool?
    }

    /// Writes `tools`, `tool_choice` and `parallel_tool_calls`; none of them without functions.
    ///
    /// - Parameter choice: `tool_choice` as JSON text; nil to leave it to the server.
    static func write(
        _ functions: [Function], choice: [UInt8]?, isParallel: Bool, to body: inout JSONWriter
    ) {
        guard !functions.isEmpty else { return }
        body.member(
            "tools",
            array: { list in
                for function in functions {
                    list.object { tool in
                        tool.member("type", "function")
                        tool.member("function", object: { write(function, to: &$0) })
                    }
                }
            })
        if let choice { body.member("tool_choice", raw: choice) }
        if !isParallel { body.member("parallel_tool_calls", false) }
    }

    private static func write(_ function: Function, to object: inout JSONWriter) {
        object.member("name", raw: function.name)
        if let description = function.description { object.member("description", raw: description) }
        if let parameters = function.parameters { object.member("parameters", raw: parameters) }
        if let strict = function.strict { object.member("strict", strict) }
    }

    /// The `tool_choice` that names one function.
    static func choice(_ name: ArraySlice<UInt8>) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { choice in
            choice.member("type", "function")
            choice.member("function", object: { $0.member("name", raw: name) })
        }
        return writer.bytes
    }

    // MARK: Calls

    /// Writes the members of a call whose values are JSON texts.
    static func writeCall(
        id: some Collection<UInt8>, name: some Collection<UInt8>, arguments: some Collection<UInt8>,
        to call: inout JSONWriter
    ) {
        call.member("id", raw: id)
        call.member("type", "function")
        call.member(
            "function",
            object: {
                $0.member("name", raw: name)
                $0.member("arguments", raw: arguments)
            })
    }

    /// Writes the members of a call.
    package static func write(_ call: ToolCall, to object: inout JSONWriter) {
        object.member("id", call.id)
        object.member("type", "function")
        object.member(
            "function",
            object: {
                $0.member("name", call.name)
                $0.member("arguments", call.arguments)
                call.functionExtra.write(to: &$0)
            })
        call.extra.write(to: &object)
    }

    /// Writes a piece of a call. Only the first has an id, a type and a name.
    static func write(_ piece: ChatDelta.Call, to object: inout JSONWriter) {
        object.member("index", piece.index)
        if let id = piece.id {
            object.member("id", id)
            object.member("type", "function")
        }
        object.member(
            "function",
            object: { function in
                if let name = piece.name { function.member("name", name) }
                function.member("arguments", piece.arguments)
                piece.functionExtra.write(to: &function)
            })
        piece.extra.write(to: &object)
    }
}
