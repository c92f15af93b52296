/// A function that a model asks to be called.
package struct ToolCall: Hashable, Sendable {
    package var id: String
    package var name: String
    /// JSON text as the model wrote it: not checked, and cut off where the answer was.
    package var arguments: String

    package init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}
