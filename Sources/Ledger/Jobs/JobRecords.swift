package import Domain

/// A job as it is kept: what was asked, how far it is, and what came out. JSON is kept as the bytes given.
package struct JobRecord: Hashable, Sendable {
    package var id: String
    package var status: JobStatus
    /// The job as submitted.
    package var spec: [UInt8]
    /// All that the runner needs to go on after a restart.
    package var state: [UInt8]
    /// The final answer, once there is one.
    package var result: [UInt8]?
    /// Why the job failed, in one line.
    package var failure: String?
    package var attribution: Attribution
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Set by the ledger: how often the job was claimed. A record of an earlier claim cannot be saved any more.
    package internal(set) var lease: Int64 = 0

    package init(
        id: String, status: JobStatus, spec: [UInt8], state: [UInt8], result: [UInt8]? = nil, failure: String? = nil,
        attribution: Attribution = Attribution(), createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.status = status
        self.spec = spec
        self.state = state
        self.result = result
        self.failure = failure
        self.attribution = attribution
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// Something that happened in a job, to be appended to its events.
package struct NewJobEvent: Hashable, Sendable {
    package var jobID: String
    package var type: String
    /// JSON.
    package var data: [UInt8]
    package var at: Timestamp

    package init(jobID: String, type: String, data: [UInt8], at: Timestamp) {
        self.jobID = jobID
        self.type = type
        self.data = data
        self.at = at
    }
}

/// An event with its place in the job: 1, 2, 3, ... without gaps.
package struct JobEvent: Hashable, Sendable {
    package let sequence: Int64
    package let event: NewJobEvent

    package init(sequence: Int64, event: NewJobEvent) {
        self.sequence = sequence
        self.event = event
    }
}
