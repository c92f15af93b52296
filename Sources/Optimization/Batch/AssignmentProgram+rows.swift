extension AssignmentProgram {
    /// The program of some of its steps, which do not follow one another: their options, floors and amounts, and all
    /// limits as they are.
    func rows(_ rows: [Int]) -> AssignmentProgram {
        var part = self
        part.options = rows.map { options[$0] }
        if !accuracyFloors.isEmpty { part.accuracyFloors = rows.map { accuracyFloors[$0] } }
        part.limits = limits.map { limit in
            var limit = limit
            limit.amounts = rows.map { limit.amounts[$0] }
            return limit
        }
        let places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
        part.latencyPaths = latencyPaths.map { $0.compactMap { places[$0] } }.filter { !$0.isEmpty }
        return part
    }
}

extension RobustBudget {
    /// The same pessimism about some of the rows.
    func rows(_ rows: [Int]) -> RobustBudget {
        var part = self
        part.variances = rows.map { variances[$0] }
        return part
    }

    /// The same after costs were corrected by a factor a model.
    func corrected(_ factors: [Double], sharedDeviation: Double) -> RobustBudget {
        var corrected = self
        corrected.sharedDeviation = sharedDeviation
        corrected.variances = variances.map { zip($0, factors).map { $0 * $1 * $1 } }
        return corrected
    }
}
