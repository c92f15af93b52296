import Domain
package import JSON

extension QualityEstimate {
    /// Writes what is known as members of the object that is open, a list of four sums a stratum.
    package func write(into object: inout JSONWriter) {
        for (name, stratum) in strata.sorted(by: { $0.key < $1.key }) {
            object.member(
                name,
                array: { list in
                    list.element(stratum.served)
                    list.element(stratum.weights)
                    list.element(stratum.squaredWeights)
                    list.element(stratum.weightedScores)
                })
        }
    }

    /// Reads what `write` has written; nil for anything else.
    package init?(json: JSONValue, memory: Double = 2000) {
        guard json.kind == .object else { return nil }
        var strata: [String: Stratum] = [:]
        for member in json.members {
            let sums = member.value.elements.compactMap(\.double)
            guard sums.count == 4, sums.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return nil }
            strata[member.key] = Stratum(
                served: sums[0], weights: sums[1], squaredWeights: sums[2], weightedScores: sums[3])
        }
        self.init(memory: memory, strata: strata)
    }
}
