/// What can be seen of one step of an agent's run while it is under way.
package struct RunStep: Sendable, Hashable {
    /// What the model said.
    package var output: String
    /// What came back from the tool or the environment; empty if nothing did.
    package var observation: String
    /// `tool`, `propose`, `invalid`, or nil where the environment does not say.
    package var kind: String?
    package var costUSD: Double

    package init(output: String, observation: String = "", kind: String? = nil, costUSD: Double = 0) {
        self.output = output
        self.observation = observation
        self.kind = kind
        self.costUSD = costUSD
    }
}
