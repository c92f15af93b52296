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
    /// The end user that the caller names.
    case user
    /// The caller's tags. A call with several counts in the row of each, and in the totals once.
    case tag

    /// Whether a dashboard can be filtered by it; time is chosen by its two ends.
    package var isFilter: Bool {
        switch self {
        case .hour, .day, .month: false
        default: true
        }
    }

    /// Jobs, sessions, runs, batches, users and tags are too many to be rolled up; grouping by them reads the entries themselves.
    package var isRolledUp: Bool {
        switch self {
        case .job, .session, .run, .batch, .user, .tag: false
        default: true
        }
    }
}

/// The time, groups and filters of a dashboard.
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

/// Sums over entries, for a group and in total.
package struct DashboardReport: Hashable, Sendable {
    package let query: DashboardQuery
    /// Dearest first, then by keys.
    package let rows: [DashboardRow]
    package let totals: DashboardSums
    /// Failed attempts by model and reason, billed or not, the most frequent first. Counted by whole hours.
    package let failureCounts: [FailureCount]

    package init(
        query: DashboardQuery, rows: [DashboardRow], totals: DashboardSums, failureCounts: [FailureCount] = []
    ) {
        self.query = query
        self.rows = rows
        self.totals = totals
        self.failureCounts = failureCounts
    }
}

/// One group of a dashboard.
package struct DashboardRow: Hashable, Sendable {
    /// The group's values, in the order of `groupBy`; `""` where an entry has none.
    package let keys: [String]
    package let sums: DashboardSums

    package init(keys: [String], sums: DashboardSums) {
        self.keys = keys
        self.sums = sums
    }
}

/// The sums over a set of entries. All but the latency quantiles are exact.
package struct DashboardSums: Hashable, Sendable {
    /// Calls, uncertain ones and shadow audits included; corrections change amounts and not this number.
    package var calls: Int64 = 0
    /// Calls whose outcome is not `completed`, and failed attempts that were not billed.
    package var failures: Int64 = 0
    /// Calls booked at their upper bound because their process died, and not corrected yet.
    package var uncertain: Int64 = 0
    package var usage = Usage(requests: 0)
    package var cost = CallCost.zero
    package var predictedCost = CallCost.zero
    /// Cost of the same steps on the reference model.
    package var baselineCost: Money = .zero
    /// True cost of those entries that have a baseline.
    package var comparableCost: Money = .zero
    package var energyMicrojoules: Int64 = 0
    package var predictedEnergyMicrojoules: Int64 = 0
    package var baselineEnergyMicrojoules: Int64 = 0
    package var predictedLatencyMicroseconds: Int64 = 0
    package var firstTokenMicroseconds: Int64 = 0
    /// Calls with a time to first token.
    package var firstTokenCount: Int64 = 0
    package var latency = LatencyHistogram()

    package init() {}

    /// Baseline minus true cost over the entries that have a baseline; negative where routing cost more.
    package var savings: Money {
        (try? baselineCost.subtracting(comparableCost)) ?? .zero
    }

    package var energyJoules: Double { Double(energyMicrojoules) / 1e6 }

    /// Mean seconds to the first token, or nil where none was measured.
    package var firstTokenSecondsMean: Double? {
        firstTokenCount == 0 ? nil : Double(firstTokenMicroseconds) / 1e6 / Double(firstTokenCount)
    }
}
