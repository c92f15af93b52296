/// A function that a model asks to be called.
package struct ToolCall: Hashable, Sendable {
    package var id: String
    package var name: String
    /// JSON text as the model wrote it: not checked, and cut off where the answer was.
    package var arguments: String
    /// Other members of the call, which the provider may want back, such as Gemini's `extra_content`.
    package var extra = ExtraMembers()
    /// The same of its `function`.
    package var functionExtra = ExtraMembers()

    /// Names of the members of a call and of its `function` in the chat format; others are extra.
    static let members: Set = ["id", "type", "index", "function"]
    static let functionMembers: Set = ["name", "arguments"]

    /// Whether it has members that its provider may want back.
    var hasExtra: Bool { !extra.isEmpty || !functionExtra.isEmpty }

    package init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}
