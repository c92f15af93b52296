/// The words of a step that estimators read: what is asked, and with which tools.
package struct StepText: Hashable, Sendable {
    /// The request or subtask itself (in a chat: the messages that the model has not answered yet).
    package var prompt: String
    /// The text of the tool schemas as JSON, or nil where none are offered.
    package var tools: String?
    /// What was said, called and came back since the request, newest last, shortened; empty at the start of a run.
    package var history: String

    package init(prompt: String, tools: String? = nil, history: String = "") {
        self.prompt = prompt
        self.tools = tools
        self.history = history
    }
}
