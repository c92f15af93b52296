import Domain
import JSON

extension CostCurve {
    /// Writes the member `curve`: points of `cost_usd` and a value of this name.
    func write(to json: inout JSONWriter, valueName: String) {
        json.member(
            "curve",
            array: { list in
                for point in points {
                    list.object { object in
                        object.member("cost_usd", point.costUSD)
                        object.member(valueName, point.accuracy)
                    }
                }
            })
    }
}
