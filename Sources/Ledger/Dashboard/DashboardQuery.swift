package import Domain

/// A dimension that dashboards group and filter by.
package enum Dimension: String, CaseIterable, Hashable, Sendable {
    /// The catalog's model that was asked.
    case model
    /// The name that the upstream reported.
    case servedModel = "served_model"
    case provider, placement, stage, policy, key, team
    case kind
    /// UTC hour, day and month of the charge: `2026-11-21T17`, `2026-11-21`, `2026-11`.
    case hour, day, month
    case job, session, run, batch

    /// Jobs, sessions, runs and batches are too many to be rolled up; grouping by them reads the entries themselves.
    package var isRolledUp: Bool {
        switch self {
        case .job, .session, .run, .batch: false
        default: true
        }
    }
}

/// What a dashboard shows.
package struct DashboardQuery: Hashable, Sendable {
    /// Entries charged at or after this moment.
    package var from: Timestamp
    /// Entries charged before this moment.
    package var to: Timestamp
    package var groupBy: [Dimension]
    /// Only entries whose value of a dimension is this one; `""` stands for "none".
    package var filters: [Dimension: String]

    package init(from: Timestamp, to: Timestamp, groupBy: [Dimension] = [], filters: [Dimension: String] = [:]) {
        self.from = from
        self.to = to
        self.groupBy = groupBy
        self.filters = filters
    }
}
