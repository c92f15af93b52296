/// The right to do the work of a request that may be told again: held by one telling of it at a time.
package struct IdempotencyClaim: Hashable, Sendable {
    /// Names the request: the same for every telling of it.
    package let request: String
    /// How often the request was begun: an earlier holder cannot end it any more.
    package let lease: Int64
    /// The same for every time that the request is begun, so that what it makes (a job, a batch) has one id and is made
    /// once, also where a node died between making it and answering.
    package let token: String
    /// Whether it was begun before, by a node that died or lost sight of the ledger: what that node had reserved is
    /// booked (as uncertain, where it could not say what came of it), and what it made may be there.
    package let isTakenOver: Bool

    package init(request: String, lease: Int64, token: String, isTakenOver: Bool = false) {
        self.request = request
        self.lease = lease
        self.token = token
        self.isTakenOver = isTakenOver
    }
}

/// What a telling of a request finds.
package enum IdempotencyClaimResult: Hashable, Sendable {
    /// It is the first one, or the ones before have failed or died: to be done now.
    case first(IdempotencyClaim)
    /// A living node is at it.
    case underWay
    case answered(StoredResponse)
    /// The name was used for another request.
    case other
}
