import Dialects
package import Domain
package import Ledger

/// On whose account a chat call is made.
package struct Caller: Sendable {
    /// The session that the caller names, or nil to recognise it by the messages.
    package var session: String?
    /// What the client itself calls a session, which may have several runs side by side: those of its subagents.
    package var clientSession: String?
    package var key: String?
    package var team: String?
    /// The caller's own labels: the end user and tags, from headers and the body.
    package var labels = CallLabels()
    /// The members of a body's `metadata` that are tags; nil for all.
    package var metadataTags: Set<String>?
    /// The models that the caller may use.
    package var models: ModelFilter
    /// The policy of calls that name none.
    package var policy: String?
    /// The claim of a request with an `Idempotency-Key`, on the node that does the work.
    package var ticket: IdempotencyClaim?
    /// The place in a distributed trace; nil for none.
    package var trace: TraceContext?
    /// Whether the client has left. A call that has not begun by then is not made.
    package var hasLeft: @Sendable () -> Bool = { false }

    package init(
        session: String? = nil, key: String? = nil, team: String? = nil, models: ModelFilter = ModelFilter(),
        policy: String? = nil
    ) {
        self.session = session
        self.key = key
        self.team = team
        self.models = models
        self.policy = policy
    }
}

extension Caller {
    /// The run that a request belongs to: the one that the caller names, or the one with its first messages.
    func runID(of request: ChatRequest) -> String {
        session ?? (clientSession.map { "\($0)/" } ?? "") + request.sessionID
    }
}
